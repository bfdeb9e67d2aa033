"""Settings: the environment and ``roadmap.toml``, validated, every problem reported at once.

Belongs here: what the environment says, and which side (GitHub, Notion) is real, the sandbox, or missing. The keys of
the file are in ``configuration``. Nothing here opens a connection, or another file than those that hold a secret. Both
are read without pydantic-settings: one list of problems names each variable or key with its remedy, and it takes 80 ms
to import.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from roadmap_pipeline.configuration import Automation, Configuration, read_configuration, unused_sections
from roadmap_pipeline.discovery import names_repositories
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.credentials import GitHubApp, pem_text
from roadmap_pipeline.notion.configured_views import resolve_views
from roadmap_pipeline.reports.section_names import section_problems

GITHUB_API_URL = "https://api.github.com"
NOTION_API_URL = "https://api.notion.com"

SANDBOX_GITHUB_TOKEN = "sandbox-github-token"  # noqa: S105
REPLAY_GITHUB_TOKEN = "replay-github-token"  # noqa: S105
SANDBOX_NOTION_KEY = "sandbox-notion-token"
"""Credentials that open the simulators only: whoever is given them knows that nothing real is on the other side."""

WEBHOOK_SECRETS = ("GITHUB_WEBHOOK_SECRET", "NOTION_WEBHOOK_SECRET")
SECRETS = ("GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY", "NOTION_API_KEY", *WEBHOOK_SECRETS)
"""Variables that hold a secret; each may be given as a file instead, named by the same variable with ``_FILE``."""

_TOKENS = ("GITHUB_TOKEN", "NOTION_API_KEY", "NOTION_WEBHOOK_SECRET")
"""Secrets without blanks, since those who make them know none."""

_LARGEST_SECRET_BYTES = 64 * 1024
_APP_ID = re.compile(r"[A-Za-z0-9.]+")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S.*", re.DOTALL)
_NOTION_ID = re.compile(r"([0-9a-fA-F]{32})(?:\?.*)?$")

Side = Literal["real", "sandbox", "missing"]
Deployment = Literal["real", "sandbox", "replay"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured, validated. Secrets are :class:`pydantic.SecretStr`, so that no repr shows them."""

    configuration: Configuration
    config_path: Path
    root: Path
    """The folder in which relative default paths start: the project's root, or the current folder for a wheel."""
    warehouse: str
    dagster_home: Path
    repositories: tuple[str, ...] = ()
    """owner/name. Patterns are among them until ``repository_discovery.discover`` has put in what they stand for."""
    github_token: SecretStr | None = None
    github_app: GitHubApp | None = None
    github_api_url: str = GITHUB_API_URL
    notion_api_key: SecretStr | None = None
    notion_parent_page_id: str | None = None
    notion_ci_reports_db_id: str | None = None
    notion_roadmap_db_id: str | None = None
    notion_api_url: str = NOTION_API_URL
    github_webhook_secret: SecretStr | None = None
    notion_webhook_secret: SecretStr | None = None
    notify_urls: tuple[SecretStr, ...] = ()
    """The addresses of Apprise to which messages about risks go; each holds secrets."""
    milestone: str | None = None
    fixed_now: datetime | None = None
    lock_folder: Path = field(default_factory=lambda: lock_folder(os.environ))
    """The folder of the files that hold two syncs of one user apart; the same for all projects."""
    warnings: tuple[str, ...] = field(default=())

    @property
    def github_side(self) -> Side:
        """The state of GitHub's side: real, the sandbox's, or missing."""
        return "real" if self.github_app is not None else self._side(self.github_token)

    @property
    def notion_side(self) -> Side:
        """The state of Notion's side: real, the sandbox's, or missing."""
        return self._side(self.notion_api_key)

    def _side(self, credential: SecretStr | None) -> Side:
        if credential is not None:
            simulated = credential.get_secret_value() in (SANDBOX_GITHUB_TOKEN, REPLAY_GITHUB_TOKEN, SANDBOX_NOTION_KEY)
            return "sandbox" if simulated else "real"
        return "sandbox" if self.needs_sandbox else "missing"

    @property
    def deployment(self) -> Deployment:
        """The kind of place that a run works on: the simulated organisation, recorded responses, or anything real."""
        if (self.github_side, self.notion_side) != ("sandbox", "sandbox"):
            return "real"
        return "sandbox" if self.origin == "sandbox" else "replay"

    @property
    def origin(self) -> Literal["sandbox", "real"]:
        """The origin of the data that GitHub's side gives, whatever Notion's is; replayed responses are real ones."""
        simulated = self.github_token is not None and self.github_token.get_secret_value() == SANDBOX_GITHUB_TOKEN
        return "sandbox" if simulated or self.needs_sandbox else "real"

    @property
    def needs_sandbox(self) -> bool:
        """The state of having no credentials at all: then, and only then, both sides are the sandbox's."""
        return self.github_token is None and self.github_app is None and self.notion_api_key is None

    @property
    def rules_file(self) -> Path | None:
        """The file of one's own signatures of failures, if there is one."""
        return _rules_file(self.configuration, self.config_path)

    @property
    def state_folder(self) -> Path:
        """The folder of what the project makes."""
        return self.root / "data"

    def now(self) -> datetime:
        """Return the time that stands for now in every computation: ``ROADMAP_NOW``, else the clock (aware, UTC)."""
        return self.fixed_now or datetime.now(UTC)

    def with_sandbox(self, environment: Mapping[str, str]) -> "Settings":
        """Return these settings with the sandbox's credentials and, unless ``ROADMAP_NOW`` is set, its clock."""
        sandbox = _from_environment(environment, [])
        repositories = tuple(self.configuration.repositories) or _repositories(environment)
        unused = unused_sections(self.configuration, repositories)
        return replace(
            self,
            **{key: value for key, value in sandbox.items() if key != "fixed_now"},
            repositories=repositories,
            warnings=tuple(dict.fromkeys((*self.warnings, *unused))),
            fixed_now=self.fixed_now or sandbox.get("fixed_now"),
        )


def project_root() -> Path:
    """Return the project's root in an editable install, the current folder for a wheel."""
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


def lock_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of locks in the user's folder for caches, which a cron job and a terminal have in common."""
    usual = Path("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return _path(environment.get("XDG_CACHE_HOME"), usual).expanduser() / "roadmap_pipeline" / "locks"


def load_settings(environment: Mapping[str, str] | None = None, root: Path | None = None) -> Settings:
    """Return the validated environment (default: the process's) and configuration file.

    Raises:
        ConfigurationError: Something is wrong; it holds every problem that was found.
    """
    environment = os.environ if environment is None else environment
    root = project_root() if root is None else root
    problems: list[str] = []
    config_path = _path(environment.get("ROADMAP_CONFIG"), root / "roadmap.toml")
    configuration = read_configuration(
        config_path, must_exist=bool(environment.get("ROADMAP_CONFIG")), problems=problems
    )
    named: list[str] = section_problems(configuration.reports.sections)
    resolve_views(configuration.notion.views, named)
    problems += [f"{config_path.name}: {problem}" for problem in named]
    if configuration.progress.learnt and find_spec("sklearn") is None:
        problems.append(
            f"{config_path.name}: progress.learnt needs scikit-learn, which is not installed:"
            " pip install 'roadmap_pipeline[learnt]', or leave it out"
        )
    values = _from_environment(_with_secret_files(environment, problems), problems)
    repositories = configuration.repositories or _repositories(environment)
    problems += [
        f"GITHUB_REPOSITORY: {repository!r} is not owner/name, nor a pattern such as acme/*"
        " (several are separated by commas)"
        for repository in repositories
        if not names_repositories(repository)
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
        lock_folder=lock_folder(environment),
        warnings=tuple(unused_sections(configuration, repositories)),
        **values,
    )


def load_automation(environment: Mapping[str, str] | None = None, root: Path | None = None) -> Automation:
    """Return what runs from the start. Where the file is wrong nothing does: every run says what is wrong with it."""
    environment = os.environ if environment is None else environment
    config_path = _path(environment.get("ROADMAP_CONFIG"), (project_root() if root is None else root) / "roadmap.toml")
    return read_configuration(config_path, must_exist=False, problems=[]).automation


def load_rules_file(environment: Mapping[str, str] | None = None, root: Path | None = None) -> Path | None:
    """Return the file of one's own signatures of failures, for what needs no other setting.

    Raises:
        ConfigurationError: The configuration file is wrong.
    """
    environment = os.environ if environment is None else environment
    config_path = _path(environment.get("ROADMAP_CONFIG"), (project_root() if root is None else root) / "roadmap.toml")
    problems: list[str] = []
    configuration = read_configuration(
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


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Return whether a variable is set, be it by a file as those of :data:`SECRETS` may be."""
    return any(environment.get(variable, "").strip() for variable in (name, f"{name}_FILE"))


def _with_secret_files(environment: Mapping[str, str], problems: list[str]) -> Mapping[str, str]:
    """Return the environment with the secrets that stand in files, as Docker and Kubernetes hand them out.

    No text in ``problems`` quotes what a file holds.
    """
    read: dict[str, str] = {}
    for name in SECRETS:
        variable = f"{name}_FILE"
        path = environment.get(variable, "").strip()
        if not path:
            continue
        if environment.get(name, "").strip():
            problems.append(f"{name} and {variable} are both set: unset one of them")
            continue
        try:
            read[name] = _secret_of_file(Path(path).expanduser(), is_token=name in _TOKENS)
        except OSError as error:
            problems.append(f"{variable}: {path} can't be read: {error.strerror}")
        except ValueError as error:
            problems.append(f"{variable}: {path} {error}")
    return {**environment, **read} if read else environment


def _secret_of_file(path: Path, *, is_token: bool) -> str:
    """Return what a file holds, without the blanks and line ends around it.

    Raises:
        ValueError: It holds no secret; the message goes on after the file's name.
    """
    with path.open("rb") as file:
        data = file.read(_LARGEST_SECRET_BYTES + 1)
    try:
        secret = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError("is no text") from None  # the error would hold the file's bytes
    if not secret:
        raise ValueError("is empty")
    if len(data) > _LARGEST_SECRET_BYTES:
        raise ValueError("is too long for a secret")
    if is_token and not re.fullmatch(r"[!-~]+", secret):
        raise ValueError("holds more than a token: blanks, several lines, or characters that no token has")
    return secret


def _from_environment(environment: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """Return the fields of :class:`Settings` that the environment alone decides; append to ``problems``."""
    values: dict[str, Any] = {}
    for name in ("GITHUB_TOKEN", "NOTION_API_KEY", *WEBHOOK_SECRETS):
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
            match = _NOTION_ID.search(text.replace("-", "") if "/" not in text else text)
            if match is None:
                problems.append(
                    f"{name}: {text!r} holds no Notion id (32 hexadecimal digits, as at the end of its link)"
                )
            else:
                digits = match.group(1).lower()
                parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
                values[name.lower()] = "-".join(parts)
    if addresses := _notify_urls(environment, problems):
        values["notify_urls"] = addresses
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


def _notify_urls(environment: Mapping[str, str], problems: list[str]) -> tuple[SecretStr, ...]:
    """Return the addresses of notifications. No text in ``problems`` quotes one: they hold tokens and passwords."""
    texts = {"ROADMAP_NOTIFY_URLS": environment.get("ROADMAP_NOTIFY_URLS", "")}
    if file := environment.get("ROADMAP_NOTIFY_URLS_FILE", "").strip():
        try:
            lines = Path(file).expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"ROADMAP_NOTIFY_URLS_FILE: {file} can't be read: {getattr(error, 'strerror', 'no text')}")
        else:
            texts["ROADMAP_NOTIFY_URLS_FILE"] = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    addresses: list[str] = []
    for name, text in texts.items():
        # A comma or a space may stand in an address: it parts two only where another one begins.
        for place, address in enumerate(re.split(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)", text.strip(" \t\r\n,")), 1):
            if _ADDRESS.fullmatch(address):
                addresses.append(address)
            elif address:
                problems.append(f"{name}: number {place} is no address such as slack://… or mailto://…")
    return tuple(SecretStr(address) for address in dict.fromkeys(addresses))


def _github_app(environment: Mapping[str, str], problems: list[str]) -> GitHubApp | None:
    """Return the GitHub App that the environment names. No text in ``problems`` quotes what may be a key."""
    names = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_INSTALLATION_ID")
    app_id, key, installation = (environment.get(name, "").strip() for name in names)
    if not (app_id or key or installation):
        return None
    known_problems = len(problems)
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
    if len(problems) > known_problems or pem is None:
        return None
    return GitHubApp(app_id, SecretStr(pem), int(installation) if installation else None)


def _pem_of_file(path: str) -> str | None:
    try:
        return pem_text(Path(path).expanduser().read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
