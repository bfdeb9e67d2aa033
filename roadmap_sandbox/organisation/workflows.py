"""The workflows of the simulated repositories: their jobs, steps, durations and how often each job is flaky.

A job's ``kind`` says what it does, and so in which ways it can fail (``causes``). Fixed: no chance decides here.
"""

from dataclasses import dataclass

from .people import PAYMENTS, PLATFORM, STOREFRONT, Repository


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its ``role`` is what a cause of failure names, ``seconds`` its usual length, ``command`` what it runs."""

    role: str
    name: str
    command: str
    seconds: int


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as the workflow file defines it, matrix already expanded.

    ``condition``: ``needs`` (default: skipped when a needed job failed), ``queue`` (in the merge queue it runs all the
    same, and fails), ``main`` (skipped elsewhere), or ``changes`` (skipped in some pull requests by path filters).
    """

    name: str
    kind: str
    label: str
    steps: tuple[Step, ...]
    flake_odds: float
    needs: tuple[str, ...] = ()
    condition: str = "needs"

    @property
    def base_name(self) -> str:
        """The name without matrix values or shard."""
        return self.name.split(" (")[0]


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow file. ``on`` are the events that start it, ``concurrency`` cancels older runs of a branch."""

    id: int
    file: str
    name: str
    on: frozenset[str]
    jobs: tuple[JobSpec, ...]
    concurrency: bool = True

    @property
    def path(self) -> str:
        """The path in the repository; GitHub's own services have no file there."""
        return self.file if self.is_service else f".github/workflows/{self.file}"

    @property
    def is_service(self) -> bool:
        """True where GitHub runs it by itself, so that it says nothing about the repository."""
        return self.file.startswith("dynamic/")


UBUNTU = "ubuntu-latest"
_CHECKOUT = Step("checkout", "Run actions/checkout@v5", "actions/checkout@v5", 4)
_PYTHON = Step("toolchain", "Set up Python", "actions/setup-python@v6", 6)
_PIP = Step("install", "Install dependencies", "pip install -r requirements-dev.txt", 42)
_NODE = Step("toolchain", "Set up Node", "actions/setup-node@v5", 7)
_NPM = Step("install", "Install dependencies", "npm ci", 38)
_GO = Step("toolchain", "Set up Go", "actions/setup-go@v6", 8)


def _job(
    before: tuple[Step, ...],
    name: str,
    kind: str,
    command: str,
    seconds: int,
    flake_odds: float,
    *more: Step,
    needs: tuple[str, ...] = (),
    condition: str = "needs",
) -> JobSpec:
    label = "ubuntu-24.04-arm" if "arm64" in name else UBUNTU
    steps = (*before, *more, Step("main", f"Run {command}", command, seconds))
    return JobSpec(name, kind, label, steps, flake_odds, needs, condition)


_PY = (_CHECKOUT, _PYTHON, _PIP)
_JS = (_CHECKOUT, _NODE, _NPM)
_GOLANG = (_CHECKOUT, _GO, Step("install", "Download modules", "go mod download", 21))
_PLAIN = (_CHECKOUT,)
_SERVICES = Step("services", "Start services", "docker compose up --detach --wait", 24)
_BROWSERS = Step("browsers", "Install browsers", "npx playwright install --with-deps chromium", 47)
_LOGIN = Step("login", "Log in to the registry", "docker/login-action@v3", 3)
_UPLOAD = Step("upload", "Upload the build", "actions/upload-artifact@v4", 6)
_DOWNLOAD = Step("download", "Download the build", "actions/download-artifact@v5", 5)


def _always_green(*needs: str, condition: str = "needs") -> JobSpec:
    step = Step("main", "Check the jobs before", "python .github/scripts/all_green.py", 2)
    return JobSpec("all green", "gate", UBUNTU, (step,), 0.0, needs, condition)


_PYTHONS = tuple(f"test ({version}, ubuntu-latest)" for version in ("3.11", "3.12", "3.13"))
_SHARDS = tuple(f"e2e ({shard}/3)" for shard in (1, 2, 3))
_CHANGES = frozenset({"push", "pull_request"})

WORKFLOWS: dict[str, tuple[Workflow, ...]] = {
    PAYMENTS.full_name: (
        Workflow(
            41_000_101,
            "ci.yml",
            "CI",
            _CHANGES,
            (
                *(_job(_PY, name, "pytest", "pytest -q --cov=payments", 210, 0.004) for name in _PYTHONS),
                _job(_PY, "integration", "integration", "pytest -q tests/integration", 340, 0.016, _SERVICES),
                _job(_PLAIN, "build image", "image", "docker build --pull .", 160, 0.006, condition="changes"),
                # Without always() a gate whose needed job failed is skipped, which is what many real workflows do.
                _always_green(*_PYTHONS, "integration"),
            ),
        ),
        Workflow(
            41_000_102,
            "lint.yml",
            "Lint",
            _CHANGES,
            (
                _job(_PY, "ruff", "ruff", "ruff check . && ruff format --check .", 9, 0.002),
                _job(_PY, "mypy", "mypy", "mypy payments", 48, 0.002),
            ),
        ),
        Workflow(
            41_000_105,
            "secrets.yml",
            "Secrets",
            _CHANGES,
            (_job(_PLAIN, "gitleaks", "leaks", "gitleaks git --redact", 11, 0.002),),
        ),
        Workflow(
            41_000_103,
            "nightly.yml",
            "Nightly",
            frozenset({"schedule", "workflow_dispatch"}),
            (
                _job(_PY, "load test", "load", "python tools/load_test.py --profile night", 900, 0.02, _SERVICES),
                _job(_PY, "audit", "pip-audit", "pip-audit --strict", 25, 0.006),
            ),
            concurrency=False,
        ),
        Workflow(
            41_000_104,
            "release.yml",
            "Release",
            frozenset({"workflow_dispatch"}),
            (
                _job(_PLAIN, "image", "image", "docker build --pull .", 190, 0.006, _LOGIN),
                _job(_PY, "publish", "publish", "twine upload dist/*", 20, 0.01, _DOWNLOAD, needs=("image",)),
                _job(_PLAIN, "announce", "script", "bash tools/announce.sh", 6, 0.002, needs=("publish",)),
            ),
            concurrency=False,
        ),
    ),
    STOREFRONT.full_name: (
        Workflow(
            42_000_201,
            "ci.yml",
            "CI",
            _CHANGES,
            (
                *(
                    _job(_JS, name, "vitest", "npx vitest run --coverage", 130, 0.004)
                    for name in ("unit (20)", "unit (22)")
                ),
                _job(_JS, "build", "webbuild", "npm run build", 95, 0.004, _UPLOAD),
                *(
                    _job(_JS, name, "e2e", f"npx playwright test --shard={name[5:8]}", 420, 0.042, _BROWSERS)
                    for name in _SHARDS
                ),
                _job(_JS, "preview", "deploy", "npm run deploy:preview", 40, 0.004, condition="main"),
            ),
        ),
        Workflow(
            42_000_202,
            "lint.yml",
            "Lint",
            _CHANGES,
            (
                _job(_JS, "eslint", "eslint", "npx eslint . && npx prettier --check .", 31, 0.002),
                _job(_JS, "typecheck", "tsc", "npx tsc --noEmit", 44, 0.002),
            ),
        ),
        Workflow(
            42_000_203,
            "nightly.yml",
            "Nightly browsers",
            frozenset({"schedule"}),
            tuple(
                _job(
                    _JS,
                    f"e2e full ({browser})",
                    "e2e",
                    f"npx playwright test --project={browser}",
                    760,
                    0.03,
                    _BROWSERS,
                )
                for browser in ("chromium", "firefox", "webkit")
            ),
            concurrency=False,
        ),
        Workflow(
            42_000_204,
            "release.yml",
            "Release",
            frozenset({"workflow_dispatch"}),
            (
                _job(_JS, "build", "webbuild", "npm run build", 95, 0.003, _UPLOAD),
                _job(_JS, "deploy", "deploy", "npm run deploy", 70, 0.012, _DOWNLOAD, needs=("build",)),
            ),
            concurrency=False,
        ),
    ),
    PLATFORM.full_name: (
        Workflow(
            43_000_301,
            "ci.yml",
            "CI",
            frozenset({"push", "pull_request", "merge_group"}),
            (
                _job(_GOLANG, "build (linux, amd64)", "gobuild", "go build ./...", 70, 0.003),
                _job(_GOLANG, "build (linux, arm64)", "gobuild", "go build ./...", 110, 0.005),
                _job(_GOLANG, "unit", "go", "go test -race ./...", 180, 0.012),
                _job(_PLAIN, "agent", "cargo", "cargo test --workspace --locked", 240, 0.006, condition="changes"),
                _job(_GOLANG, "golangci", "golangci", "golangci-lint run", 55, 0.003),
                _always_green(
                    "build (linux, amd64)", "build (linux, arm64)", "unit", "agent", "golangci", condition="queue"
                ),
            ),
        ),
        Workflow(
            43_000_302,
            "nightly.yml",
            "Nightly clusters",
            frozenset({"schedule"}),
            (
                _job(_GOLANG, "cluster (1.33)", "kind", "go test -tags=cluster ./test/...", 640, 0.022),
                _job(_GOLANG, "cluster (1.34)", "kind", "go test -tags=cluster ./test/...", 655, 0.022),
                _job(_PLAIN, "terraform plan", "terraform", "terraform plan -lock=false", 60, 0.01),
            ),
            concurrency=False,
        ),
        Workflow(
            43_000_303,
            "pr-title.yml",
            "Title",
            frozenset({"pull_request"}),
            (JobSpec("title", "title", UBUNTU, (Step("main", "Check the title", "acme/check-title@v2", 2),), 0.0),),
        ),
        Workflow(
            43_000_304,
            "release.yml",
            "Release",
            frozenset({"workflow_dispatch"}),
            (
                _job(_PLAIN, "images", "image", "docker build --pull .", 210, 0.008, _LOGIN),
                _job(_PLAIN, "rollout", "deploy", "bash tools/rollout.sh staging", 120, 0.012, needs=("images",)),
            ),
            concurrency=False,
        ),
    ),
}

UPDATES = Workflow(
    44_000_001,
    "dynamic/dependabot/dependabot-updates",
    "Dependabot Updates",
    frozenset({"dynamic"}),
    (JobSpec("Dependabot", "script", UBUNTU, (Step("main", "Run Dependabot", "dependabot update", 64),), 0.0),),
    concurrency=False,
)
"""GitHub's own; it runs in a repository that has no such file."""

MIRROR = Workflow(
    43_000_305,
    "mirror.yml",
    "Mirror",
    frozenset({"workflow_dispatch"}),
    tuple(_job(_PLAIN, "sync", "script", f"bash tools/mirror.sh {site}", 25, 0.0) for site in ("north", "south")),
    concurrency=False,
)
"""Started by hand a few times. Whoever wrote it gave both of its jobs one name."""


def workflow(repository: Repository, file: str) -> Workflow:
    """Return the workflow of that file name; KeyError if the repository has none."""
    return {each.file: each for each in WORKFLOWS[repository.full_name]}[file]
