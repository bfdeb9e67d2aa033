"""Settings: the environment and ``roadmap.toml``, validated, every problem reported at once.

Belongs here: names, defaults and validation of what people configure, and which side (GitHub, Notion) is real, the
sandbox, or missing. Nothing here opens a file other than the configuration, or a connection.
"""

import fnmatch
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.credentials import GitHubApp, pem_text

GITHUB_API_URL = "https://api.github.com"
NOTION_API_URL = "https://api.notion.com"

SANDBOX_GITHUB_TOKEN = "sandbox-github-token"  # noqa: S105
REPLAY_GITHUB_TOKEN = "replay-github-token"  # noqa: S105
SANDBOX_NOTION_KEY = "sandbox-notion-token"
"""Credentials that open the simulators only: whoever is given them knows that nothing real is on the other side."""

DEFAULT_BOTS = (
    "autofix-ci[bot]",
    "pre-commit-ci[bot]",
    "dependabot[bot]",
    "renovate[bot]",
    "github-actions[bot]",
)

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+")
_APP_ID = re.compile(r"[A-Za-z0-9.]+")
_NOTION_ID = re.compile(r"([0-9a-fA-F]{32})(?:\?.*)?$")

Fraction = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[int, Field(ge=0, le=100)]
StorageVersion = Literal["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0", "v2.0.0"]
"""Releases of DuckDB with which its files' format grew."""
Side = Literal["real", "sandbox", "missing"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProgressPoints(_Section):
    """Points of each rule of ``seed_v1``; the keys are the values of ``marts.milestone_progress.rule``."""

    pass_rate: Points = 25
    autofix_success: Points = 15
    critical_workflows_green: Points = 30
    docs_and_pr_merged: Points = 30


class Progress(_Section):
    """How milestone progress is judged. Thresholds are fractions 0-1, the window is in days."""

    formula: Literal["seed_v1"] = "seed_v1"
    window_days: Annotated[int, Field(ge=1, le=366)] = 28
    pass_rate_threshold: Fraction = 0.80
    autofix_threshold: Fraction = 0.70
    points: ProgressPoints = ProgressPoints()


class Milestones(_Section):
    """``mapping``: branch glob or label to milestone title."""

    mapping: dict[str, str] = {}


class AutoFix(_Section):
    """Who repairs automatically, and within how many hours after a failure it counts."""

    bots: tuple[str, ...] = DEFAULT_BOTS
    horizon_hours: Annotated[float, Field(gt=0)] = 24


class Limits(_Section):
    """Pacing of requests, off against the built-in sandbox, and what of GitHub's quota a run may use.

    ``github_quota_reserve`` is the fraction of the hourly quota that is left to others; ``passing_logs_per_run`` counts
    logs of passing jobs for each repository, ``cancelled_jobs_per_run`` cancelled jobs that hardly timed out.
    """

    github_points_per_minute: Annotated[int, Field(gt=0)] = 900
    github_quota_reserve: Annotated[float, Field(ge=0, lt=1)] = 0.1
    github_requests_per_run: Annotated[int, Field(gt=0)] | None = None
    passing_logs_per_run: Annotated[int, Field(ge=0)] = 20
    cancelled_jobs_per_run: Annotated[int, Field(ge=0)] = 30
    notion_requests_per_second: Annotated[float, Field(gt=0)] = 2.5


class Failures(_Section):
    """``rules``: a file of one's own signatures of failures, relative to the configuration file."""

    rules: str | None = None


class TwoWay(_Section):
    """What a person's edits in Notion may cause on GitHub."""

    create_milestones: bool = False


class Snapshot(_Section):
    """The copy that readers open; ``storage_version``: the oldest DuckDB that can (default: the warehouse's own)."""

    storage_version: StorageVersion | None = None


class Configuration(_Section):
    """``roadmap.toml``. Every key is optional, unknown keys are errors."""

    repositories: tuple[str, ...] = ()
    history_days: Annotated[int, Field(ge=1)] = 400
    critical_workflows: dict[str, tuple[str, ...]] = {}
    default_branches: dict[str, dict[str, datetime]] = {}
    """By repository: its former default branches, and until when (aware, UTC) each was it."""
    progress: Progress = Progress()
    milestones: Milestones = Milestones()
    autofix: AutoFix = AutoFix()
    failures: Failures = Failures()
    limits: Limits = Limits()
    two_way: TwoWay = TwoWay()
    snapshot: Snapshot = Snapshot()

    @field_validator("default_branches", mode="before")
    @classmethod
    def _are_former_branches(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError('give a table for each repository, such as "acme/payments" = { master = "2026-10-21" }')
        return {repository: _former_branches(repository, branches) for repository, branches in value.items()}

    @field_validator("repositories")
    @classmethod
    def _are_repositories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for repository in value:
            if not _REPOSITORY.fullmatch(repository):
                raise ValueError(f"{repository!r} is not owner/name")
        return value


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured, validated. Secrets are :class:`pydantic.SecretStr`, so that no repr shows them."""

    configuration: Configuration
    config_path: Path
    root: Path
    """Where relative default paths start: the project's root, or the current folder for a wheel."""
    warehouse: str
    dagster_home: Path
    repositories: tuple[str, ...] = ()
    github_token: SecretStr | None = None
    github_app: GitHubApp | None = None
    github_api_url: str = GITHUB_API_URL
    notion_api_key: SecretStr | None = None
    notion_parent_page_id: str | None = None
    notion_ci_reports_db_id: str | None = None
    notion_roadmap_db_id: str | None = None
    notion_api_url: str = NOTION_API_URL
    milestone: str | None = None
    fixed_now: datetime | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def github_side(self) -> Side:
        """Whether GitHub is real, the sandbox's, or missing."""
        return "real" if self.github_app is not None else self._side(self.github_token)

    @property
    def notion_side(self) -> Side:
        """Whether Notion is real, the sandbox's, or missing."""
        return self._side(self.notion_api_key)

    def _side(self, credential: SecretStr | None) -> Side:
        if credential is not None:
            simulated = credential.get_secret_value() in (SANDBOX_GITHUB_TOKEN, REPLAY_GITHUB_TOKEN, SANDBOX_NOTION_KEY)
            return "sandbox" if simulated else "real"
        return "sandbox" if self.needs_sandbox else "missing"

    @property
    def uses_sandbox(self) -> bool:
        """Whether both sides are simulators: nothing has to be paced."""
        return (self.github_side, self.notion_side) == ("sandbox", "sandbox")

    @property
    def origin(self) -> Literal["sandbox", "real"]:
        """What the data that GitHub's side gives stand for; replayed answers are real ones."""
        simulated = self.github_token is not None and self.github_token.get_secret_value() == SANDBOX_GITHUB_TOKEN
        return "sandbox" if simulated or self.needs_sandbox else "real"

    @property
    def needs_sandbox(self) -> bool:
        """True while neither side has credentials: then, and only then, both sides are the sandbox's."""
        return self.github_token is None and self.github_app is None and self.notion_api_key is None

    @property
    def rules_file(self) -> Path | None:
        """The file of one's own signatures of failures, if there is one."""
        return _rules_file(self.configuration, self.config_path)

    @property
    def state_folder(self) -> Path:
        """Where the project keeps what it makes."""
        return self.root / "data"

    def now(self) -> datetime:
        """The time that stands for now in every computation: ``ROADMAP_NOW``, else the clock (aware, UTC)."""
        return self.fixed_now or datetime.now(UTC)

    def with_sandbox(self, environment: Mapping[str, str]) -> "Settings":
        """These settings with the built-in sandbox's credentials and, unless ``ROADMAP_NOW`` is set, its clock."""
        sandbox = _from_environment(environment, [])
        repositories = tuple(self.configuration.repositories) or _repositories(environment)
        unused = _unused_sections(self.configuration, repositories)
        return replace(
            self,
            **{key: value for key, value in sandbox.items() if key != "fixed_now"},
            repositories=repositories,
            warnings=tuple(dict.fromkeys((*self.warnings, *unused))),
            fixed_now=self.fixed_now or sandbox.get("fixed_now"),
        )


def project_root() -> Path:
    """The project's root in an editable install, the current folder for a wheel."""
    beside_package = Path(__file__).resolve().parent.parent
    return beside_package if (beside_package / "setup.cfg").is_file() else Path.cwd()


def warehouse_path(environment: Mapping[str, str] | None = None, root: Path | None = None) -> str:
    """Return the warehouse: a file, or a ``ducklake:…`` or ``md:…`` database. Needs no valid configuration."""
    environment = os.environ if environment is None else environment
    root = project_root() if root is None else root
    return environment.get("ROADMAP_WAREHOUSE") or str(root / "data" / "roadmap.duckdb")


def dagster_home(environment: Mapping[str, str] | None = None, root: Path | None = None) -> Path:
    """Return where Dagster keeps its history. Needs no valid configuration."""
    environment = os.environ if environment is None else environment
    root = project_root() if root is None else root
    return _path(environment.get("DAGSTER_HOME"), root / "data" / "dagster").absolute()


def load_settings(environment: Mapping[str, str] | None = None, root: Path | None = None) -> Settings:
    """Read and validate the environment (default: the process's) and the configuration file.

    Raises :class:`ConfigurationError` with every problem that was found.
    """
    environment = os.environ if environment is None else environment
    root = project_root() if root is None else root
    problems: list[str] = []
    config_path = _path(environment.get("ROADMAP_CONFIG"), root / "roadmap.toml")
    configuration, warnings = _read_configuration(
        config_path, must_exist=bool(environment.get("ROADMAP_CONFIG")), problems=problems
    )
    values = _from_environment(environment, problems)
    repositories = configuration.repositories or _repositories(environment)
    problems += [
        f"GITHUB_REPOSITORY: {repository!r} is not owner/name (several are separated by commas)"
        for repository in repositories
        if not _REPOSITORY.fullmatch(repository)
    ]
    credentials = {"github_token": "GITHUB_TOKEN", "github_app": "GITHUB_APP_ID"}
    problems += [
        f"{variable} is set but no repository is named: set GITHUB_REPOSITORY=owner/name"
        f" or repositories in {config_path.name}"
        for field_name, variable in credentials.items()
        if values.get(field_name) is not None and not repositories
    ]
    if (app := values.get("github_app")) is not None and repositories:
        values["github_app"] = replace(app, repository=repositories[0])
    if values.get("notion_api_key") is not None and not (
        values.get("notion_parent_page_id")
        or (values.get("notion_ci_reports_db_id") and values.get("notion_roadmap_db_id"))
    ):
        problems.append(
            "NOTION_API_KEY is set but no place is named: set NOTION_PARENT_PAGE_ID to the page under which"
            " the databases are made (or NOTION_CI_REPORTS_DB_ID and NOTION_ROADMAP_DB_ID)"
        )
    if problems:
        raise ConfigurationError(*problems)
    return Settings(
        configuration=configuration,
        config_path=config_path,
        root=root,
        warehouse=warehouse_path(environment, root),
        dagster_home=dagster_home(environment, root),
        repositories=repositories,
        warnings=(*warnings, *_unused_sections(configuration, repositories)),
        **values,
    )


def load_rules_file(environment: Mapping[str, str] | None = None, root: Path | None = None) -> Path | None:
    """The file of one's own signatures of failures, for what needs no other setting.

    Raises :class:`ConfigurationError` for a configuration file that is wrong.
    """
    environment = os.environ if environment is None else environment
    config_path = _path(environment.get("ROADMAP_CONFIG"), (project_root() if root is None else root) / "roadmap.toml")
    problems: list[str] = []
    configuration, _ = _read_configuration(
        config_path, must_exist=bool(environment.get("ROADMAP_CONFIG")), problems=problems
    )
    if problems:
        raise ConfigurationError(*problems)
    return _rules_file(configuration, config_path)


def _rules_file(configuration: Configuration, config_path: Path) -> Path | None:
    name = configuration.failures.rules
    return None if name is None else config_path.parent / Path(name).expanduser()


def _path(value: str | None, default: Path) -> Path:
    return Path(value).expanduser() if value else default


def _repositories(environment: Mapping[str, str]) -> tuple[str, ...]:
    names = (name.strip() for name in environment.get("GITHUB_REPOSITORY", "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def _from_environment(environment: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """The fields of :class:`Settings` that the environment alone decides; appends to ``problems``."""
    values: dict[str, Any] = {}
    for name in ("GITHUB_TOKEN", "NOTION_API_KEY"):
        if secret := environment.get(name, "").strip():
            values[name.lower()] = SecretStr(secret)
    if app := _github_app(environment, problems):
        values["github_app"] = app
    for name in ("GITHUB_API_URL", "NOTION_API_URL"):
        if url := environment.get(name, "").strip().rstrip("/"):
            if not re.match(r"https?://[^/\s]+", url):
                problems.append(f"{name}: {url!r} is not an http(s) address")
            if name == "NOTION_API_URL" and url.endswith("/v1"):
                problems.append(f"NOTION_API_URL: give the root without /v1, not {url!r}")
            values[name.lower()] = url
    for name in ("NOTION_PARENT_PAGE_ID", "NOTION_CI_REPORTS_DB_ID", "NOTION_ROADMAP_DB_ID"):
        if text := environment.get(name, "").strip():
            found = _NOTION_ID.search(text.replace("-", "") if "/" not in text else text)
            if found is None:
                problems.append(
                    f"{name}: {text!r} holds no Notion id (32 hexadecimal digits, as at the end of its link)"
                )
            else:
                digits = found.group(1).lower()
                parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
                values[name.lower()] = "-".join(parts)
    if milestone := environment.get("ROADMAP_MILESTONE", "").strip():
        values["milestone"] = milestone
    if text := environment.get("ROADMAP_NOW", "").strip():
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            problems.append(f"ROADMAP_NOW: {text!r} is not an ISO time such as 2026-11-16T06:00:00Z")
        else:
            # A time without an offset is UTC, as everywhere in the warehouse.
            values["fixed_now"] = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return values


def _github_app(environment: Mapping[str, str], problems: list[str]) -> GitHubApp | None:
    """The GitHub App that the environment names. No text in ``problems`` quotes what may be a key."""
    names = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_INSTALLATION_ID")
    app_id, key, installation = (environment.get(name, "").strip() for name in names)
    if not (app_id or key or installation):
        return None
    found = len(problems)
    if missing := [name for name, value in zip(names, (app_id, key), strict=False) if not value]:
        problems.append(f"{' and '.join(missing)}: not set, but other settings of a GitHub App are")
    if environment.get("GITHUB_TOKEN", "").strip():
        problems.append("GITHUB_TOKEN and a GitHub App (GITHUB_APP_…) are both set: unset one of them")
    if app_id and not _APP_ID.fullmatch(app_id):
        problems.append("GITHUB_APP_ID is neither the App's number nor its client ID")
    if installation and not installation.isdecimal():
        problems.append(f"GITHUB_APP_INSTALLATION_ID: {installation!r} is no number; leave it out to have it found")
    pem = pem_text(key) or _pem_of_file(key)
    if key and pem is None:
        problems.append("GITHUB_APP_PRIVATE_KEY is neither a private key in PEM form nor the path of a file with one")
    if len(problems) > found or pem is None:
        return None
    return GitHubApp(app_id, SecretStr(pem), int(installation) if installation else None)


def _pem_of_file(path: str) -> str | None:
    try:
        return pem_text(Path(path).expanduser().read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _read_configuration(path: Path, *, must_exist: bool, problems: list[str]) -> tuple[Configuration, list[str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            problems.append(f"ROADMAP_CONFIG: there is no file {path}")
        return Configuration(), []
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: cannot be read: {error}")
        return Configuration(), []
    try:
        return Configuration.model_validate(tomllib.loads(text)), []
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: not valid TOML: {error}")
    except ValidationError as error:
        problems.extend(f"{path.name}: {problem}" for problem in _explain(error))
    return Configuration(), []


def _explain(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            yield f"unknown key {key}{_did_you_mean(problem['loc'])}"
        elif problem["type"] in ("tuple_type", "list_type"):
            given = problem["input"] if isinstance(problem["input"], str) else "…"
            yield f'{key} is a list, also of one: ["{given}"] (given: {problem["input"]!r})'
        else:
            message = problem["msg"].removeprefix("Value error, ")
            yield f"{key}: {message} (given: {problem['input']!r})"


def _did_you_mean(location: tuple[int | str, ...]) -> str:
    import difflib

    model: type[BaseModel] | None = Configuration
    for part in location[:-1]:
        annotation = model.model_fields[str(part)].annotation if model and str(part) in model.model_fields else None
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    known = list(model.model_fields) if model else []
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known here: {', '.join(known)}" if known else ""


def _former_branches(repository: str, branches: object) -> dict[str, datetime]:
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError(f"{repository!r} is not owner/name")
    if not isinstance(branches, dict):
        raise ValueError(
            f"{repository}: name each former branch, and until when it was the default one,"
            ' such as { master = "2026-10-21" }'
        )
    return {branch: _moment(repository, branch, until) for branch, until in branches.items()}


def _moment(repository: str, branch: str, until: object) -> datetime:
    """A day or time as TOML or a text gives it; a day stands for its start, a time without an offset is UTC."""
    found = until
    if isinstance(found, str):
        with suppress(ValueError):
            found = datetime.fromisoformat(found)
    if isinstance(found, date) and not isinstance(found, datetime):
        found = datetime.combine(found, time())
    if not branch.strip():
        raise ValueError(f"{repository}: a branch without a name was the default until {until}")
    if not isinstance(found, datetime):
        raise ValueError(f"{repository}: {branch} was the default until {until!r}, which is no day such as 2026-10-21")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _unused_sections(configuration: Configuration, repositories: tuple[str, ...]) -> list[str]:
    named: dict[str, Mapping[str, object]] = {
        "critical_workflows": configuration.critical_workflows,
        "default_branches": configuration.default_branches,
    }
    return [
        f"{section} names {repository}, which is not configured in repositories"
        " (it is used if that is an old name of one that is)"
        for section, keys in named.items()
        for repository in keys
        if repositories and not any(fnmatch.fnmatchcase(known.lower(), repository.lower()) for known in repositories)
    ]
