"""The raw log of a job in the form GitHub serves it, written when somebody asks for it.

Belongs here: the lines around a failure (set-up, groups, progress, clean-up), timestamps, colours. The failing lines
themselves are the cause's (``causes``). A log depends on its job alone: asked twice, the same bytes.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random

from .causes import CAUSES
from .people import Repository
from .records import Job, Run
from .steps import StepTime, step_times
from .workflows import Step

_PACKAGES = {
    "Python": ("attrs", "certifi", "click", "coverage", "idna", "iniconfig", "mypy", "numpy", "orjson", "packaging"),
    "TypeScript": (
        "acorn",
        "ajv",
        "cssnano",
        "esbuild",
        "lightningcss",
        "msw",
        "postcss",
        "react",
        "rollup",
        "vite",
        "zod",
    ),
    "Go": (
        "go.uber.org/zap",
        "golang.org/x/net",
        "golang.org/x/sync",
        "google.golang.org/protobuf",
        "k8s.io/api",
        "k8s.io/client-go",
        "sigs.k8s.io/yaml",
    ),
}
_PERMISSIONS = tuple(
    f"{scope}: {right}"
    for scope, right in (
        ("Actions", "read"),
        ("Attestations", "write"),
        ("Checks", "write"),
        ("Contents", "read"),
        ("Deployments", "write"),
        ("Issues", "write"),
        ("Metadata", "read"),
        ("Models", "read"),
        ("Packages", "read"),
        ("Pages", "read"),
        ("PullRequests", "write"),
        ("SecurityEvents", "write"),
        ("Statuses", "write"),
    )
)
_INPUTS = (
    "  ssh-strict: true",
    "  persist-credentials: true",
    "  clean: true",
    "  fetch-depth: 1",
    "  show-progress: true",
)
_TICKS = 10_000_000
"""Steps of a log's clock in a second: it writes seven fractional digits."""


class JobLogs(Mapping[int, bytes]):
    """The logs by job id, each rendered when it is read. ``jobs`` are those that wrote one."""

    def __init__(self, jobs: Mapping[int, tuple[Run, Job]], now: int) -> None:
        self._jobs, self._now = jobs, now

    def __getitem__(self, job_id: int) -> bytes:
        run, job = self._jobs[job_id]
        return render_log(run, job, self._now)

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._jobs

    def __iter__(self) -> Iterator[int]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)


def writes_log(job: Job) -> bool:
    """Return whether the job left a log: it ran, is over, and its runner lived to upload it."""
    return job.runner != 0 and job.status == "completed" and job.conclusion != "skipped" and not job.lost


def render_log(run: Run, job: Job, now: int) -> bytes:
    """Return the log of a job that wrote one: UTF-8, every line begins with a timestamp of seven fractional digits."""
    rng = Random(job.id)  # noqa: S311
    lines: list[str] = []
    last = 0
    for each in step_times(job, now):
        if each.started_at is None or each.conclusion == "skipped":
            continue
        text = _step_lines(run, job, each, rng)
        # Most lines come in bursts early in the step; none is older than the one before.
        duration = max(1, (each.completed_at or now) - each.started_at) * _TICKS
        for moment, line in zip(sorted(rng.random() ** 2 for _ in text), text, strict=True):
            last = max(last + 1, each.started_at * _TICKS + int(moment * duration))
            lines.append(f"{_stamp(last)} {line}")
    return ("\n".join(lines) + "\n").encode()


def _stamp(ticks: int) -> str:
    seconds, fraction = divmod(ticks, _TICKS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:07d}Z"


def _step_lines(run: Run, job: Job, time: StepTime, rng: Random) -> list[str]:
    repository, step = run.repository, time.step
    if step.role == "setup":
        lines = _set_up(run, job, rng)
    elif step.name == "Complete job":
        lines = ["Cleaning up orphan processes"]
    elif step.role == "post":
        lines = ["Post job cleanup.", "[command]/usr/bin/git version", "git version 2.51.2", *_post(repository)]
    else:
        lines = [*_group(step), *_progress(repository, job, step, rng, failing=time.conclusion == "failure")]
    if job.failure is None or time.conclusion not in ("failure", "cancelled") or step.role == "post":
        return [*lines, "##[error]The operation was canceled."] if time.conclusion == "cancelled" else lines
    cause = CAUSES[job.failure.cause]
    lines += cause.lines(job.failure.detail, repository.name)
    if cause.exit_code is not None:
        lines.append(f"##[error]Process completed with exit code {cause.exit_code}.")
    return lines


def _set_up(run: Run, job: Job, rng: Random) -> list[str]:
    month = datetime.fromtimestamp(job.started_at, UTC)
    actions = [step.command for step in job.spec.steps if "@v" in step.command]
    return [
        f"Requested labels: {job.spec.label}",
        f"Job defined at: {run.repository.full_name}/{run.workflow.path}@refs/heads/{run.branch}",
        "Waiting for a runner to pick up this job...",
        f"Job is about to start running on the hosted runner: GitHub Actions {job.runner} (hosted)",
        "Current runner version: '2.331.0'",
        "##[group]Operating System",
        "Ubuntu",
        "24.04.3",
        "LTS",
        "##[endgroup]",
        "##[group]Runner Image",
        "Image: ubuntu-24.04",
        f"Version: {month:%Y%m}01.{rng.randrange(1, 9)}.0",
        "Included Software: https://github.com/actions/runner-images/blob/main/images/ubuntu/Ubuntu2404-Readme.md",
        "##[endgroup]",
        "##[group]Runner Image Provisioner",
        "2.0.481.1",
        "##[endgroup]",
        "##[group]GITHUB_TOKEN Permissions",
        *_PERMISSIONS,
        "##[endgroup]",
        "Secret source: Actions",
        "Prepare workflow directory",
        "Prepare all required actions",
        "Getting action download info",
        *(f"Download action repository '{name}' (SHA:{rng.randrange(16**40):040x})" for name in actions),
        f"Complete job name: {job.name}",
    ]


def _group(step: Step) -> list[str]:
    if "@v" in step.command:
        inputs = _INPUTS if step.role == "checkout" else ("  cache: true",)
        return [f"##[group]Run {step.command}", "with:", "  token: ***", *inputs, "##[endgroup]"]
    return [
        f"##[group]Run {step.command}",
        f"\x1b[36;1m{step.command}\x1b[0m",
        "shell: /usr/bin/bash -e {0}",
        "env:",
        "  CI: true",
        "##[endgroup]",
    ]


def _post(repository: Repository) -> list[str]:
    return [
        f"Adding repository directory to the temporary git global config as a safe directory ({repository.name})",
        "[command]/usr/bin/git config --local --unset-all http.https://github.com/.extraheader",
    ]


def _progress(repository: Repository, job: Job, step: Step, rng: Random, *, failing: bool) -> list[str]:
    """Return what a step prints while nothing is wrong."""
    if step.role == "checkout":
        return [
            f"Syncing repository: {repository.full_name}",
            "##[group]Getting Git version info",
            f"Working directory is '/home/runner/work/{repository.name}/{repository.name}'",
            "[command]/usr/bin/git version",
            "git version 2.51.2",
            "##[endgroup]",
            "##[group]Fetching the repository",
            f"[command]/usr/bin/git fetch --no-tags --prune --depth=1 origin +{rng.randrange(16**40):040x}",
            "##[endgroup]",
        ]
    if step.role == "toolchain":
        return ["Resolved from the tool cache", "Cache restored successfully"]
    if step.role == "install":
        lines = []
        for name in _PACKAGES[repository.language]:
            version = f"{rng.randrange(9)}.{rng.randrange(30)}.{rng.randrange(9)}"
            lines += {
                "Python": [f"Collecting {name}", f"  Downloading {name}-{version}-py3-none-any.whl"],
                "TypeScript": [f"fetched {name}@{version}", f"linked {name}"],
                "Go": [f"go: downloading {name} v{version}", f"verified {name} v{version}"],
            }[repository.language]
        return lines
    if step.role == "main":
        return _main_progress(repository, job, rng, failing=failing)
    return [f"{step.name}: {part}" for part in ("prepared", "under way", "almost there")]


def _main_progress(repository: Repository, job: Job, rng: Random, *, failing: bool) -> list[str]:
    kind = job.spec.kind
    many = rng.randrange(30, 420)
    if kind in ("pytest", "integration"):
        total = 12 + many // 8
        lines = [
            f"tests/test_part_{part:02}.py {'.' * rng.randrange(8, 60)} [{100 * part // total:3d}%]"
            for part in range(total)
        ]
        return ["============================= test session starts ==============================", *lines]
    if kind in ("vitest", "e2e"):
        return [
            f" \x1b[32m✓\x1b[39m part {part:03} \x1b[2m({rng.randrange(2, 30)} tests)\x1b[22m" for part in range(many)
        ]
    if kind in ("go", "kind", "gobuild"):
        return [
            f"ok  \tgithub.com/acme/{repository.name}/internal/part{part:02}\t0.{rng.randrange(999):03}s"
            for part in range(many // 6)
        ]
    if kind == "cargo":
        return [f"test part_{part:03}::works ... ok" for part in range(many // 2)]
    if kind == "image":
        return [f"#{part} [build {part}/{many // 9}] RUN step {part}" for part in range(1, many // 9)]
    if kind == "load":
        return [f"{10 * part:5d} s  {rng.randrange(180, 260)} requests/s  0 refused" for part in range(90)]
    if kind == "gate":
        return ["Looking at the jobs before", *(f"  {name}: seen" for name in job.spec.needs)]
    return [] if failing else ["Nothing to complain about."]
