"""The shape of ``roadmap.toml``: its keys, their defaults, and what is said of a file that is wrong.

Belongs here: what the file alone decides. What the environment adds, and which side is real, is in ``settings``.
"""

import difflib
import fnmatch
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from roadmap_pipeline.customization import NotionSection, Reports
from roadmap_pipeline.discovery import REPOSITORY, Discovery, Teams, names_repositories
from roadmap_pipeline.risk_configuration import Notifications, Risks
from roadmap_pipeline.warehouse_configuration import Retention, Warehouse

DEFAULT_BOTS = (
    "autofix-ci[bot]",
    "pre-commit-ci[bot]",
    "dependabot[bot]",
    "renovate[bot]",
    "github-actions[bot]",
)

Fraction = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[int, Field(ge=0, le=100)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
StorageVersion = Literal["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0", "v2.0.0"]
"""Releases of DuckDB with which its files' format grew."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProgressPoints(_Section):
    """Points of each rule of ``seed_v1``; the keys are the values of ``marts.milestone_progress.rule``."""

    pass_rate: Points = 25
    autofix_success: Points = 15
    critical_workflows_green: Points = 30
    docs_and_pr_merged: Points = 30


Comparison = Literal["at_least", "above", "at_most", "below"]
ProgressMetric = Literal[
    "pass_rate",
    "autofix_success_rate",
    "mttr_hours",
    "runs",
    "conclusive_runs",
    "failing_attempts",
    "autofix_attempts",
    "episodes_open",
    "work_done",
    "open_items",
    "closed_items",
    "items_per_week",
]
"""The figures of a milestone that a rule of one's own may judge."""


class ProgressRule(_Section):
    """A rule of one's own: a figure of the milestone, one comparison, and the points that it gives, all or none."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    metric: ProgressMetric
    points: Annotated[int, Field(ge=1, le=100)]
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    @property
    def comparison(self) -> tuple[Comparison, float]:
        """The comparison, and the threshold that the figure is compared with."""
        (one,) = self._comparisons()
        return one

    def _comparisons(self) -> list[tuple[Comparison, float]]:
        names: tuple[Comparison, ...] = get_args(Comparison)
        return [(name, value) for name in names if (value := getattr(self, name)) is not None]

    @model_validator(mode="after")
    def _has_one_comparison(self) -> "ProgressRule":
        if len(self._comparisons()) != 1:
            raise ValueError(f"{self.name}: give one of {', '.join(get_args(Comparison))}")
        return self


class Progress(_Section):
    """The judging of milestone progress. Thresholds are fractions 0-1, the window is in days.

    ``learnt``: the share of time that has passed is learnt from finished milestones, too (``learnt_v3``).
    """

    formula: Literal["seed_v1"] = "seed_v1"
    learnt: bool = False
    window_days: Annotated[int, Field(ge=1, le=366)] = 28
    pass_rate_threshold: Fraction = 0.80
    autofix_threshold: Fraction = 0.70
    points: ProgressPoints = ProgressPoints()
    rules: tuple[ProgressRule, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> "Progress":
        own = self.points.model_dump()
        for rule in self.rules:
            if rule.name in own:
                raise ValueError(f"rules: the name {rule.name} is taken")
            own[rule.name] = rule.points
        if (total := sum(own.values())) != 100:
            raise ValueError(f"the points add up to {total}, not 100: {', '.join(f'{n} {p}' for n, p in own.items())}")
        return self


class Milestones(_Section):
    """``mapping``: branch glob or label to milestone title.

    ``create_from_labels``: a ``milestone:`` label of an open pull request that names none makes one on GitHub.
    """

    mapping: dict[str, str] = {}
    create_from_labels: bool = False


class Forecast(_Section):
    """The calendar of teams: ``working_days`` of the week, and ``blackout_days`` on which nobody works.

    A blackout day is a day, or a first and a last one with a slash between them: ``2026-12-24/2027-01-01``.
    """

    working_days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    blackout_days: tuple[str, ...] = ()

    @field_validator("blackout_days", mode="before")
    @classmethod
    def _are_days(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        days = tuple(each.isoformat() if isinstance(each, date) else each for each in value)
        for each in days:
            _blackout(each)
        return days

    def blackout(self) -> frozenset[date]:
        """Return every single blackout day."""
        return frozenset(
            first + timedelta(days=offset)
            for first, last in map(_blackout, self.blackout_days)
            for offset in range((last - first).days + 1)
        )


class Costs(_Section):
    """The prices of CI: what a minute costs in ``currency``, by runner label.

    ``per_minute`` names labels or globs of them; of several that match the first counts. What none matches has no
    price and is listed; without any nothing is said of cost. ``rounding``: as GitHub bills, each job's minutes are
    rounded up to whole ones.
    """

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    per_minute: dict[Annotated[str, Field(min_length=1)], Annotated[float, Field(ge=0, le=1000)]] = {}
    rounding: Literal["job_minute"] = "job_minute"


class Savings(_Section):
    """The assumption behind the hours that automatic repair spares: minutes that a person would have spent on it."""

    minutes_per_repair: Annotated[int, Field(ge=0, le=10_000)] = 30
    minutes_per_rerun: Annotated[int, Field(ge=0, le=10_000)] = 10


class AutoFix(_Section):
    """The bots that repair automatically, and within how many hours after a failure it counts."""

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
    """The effects that a person's edits in Notion may have on GitHub."""

    create_milestones: bool = False


class Comments(_Section):
    """The open pull requests that get a comment; one that is there is kept up to date whatever is set.

    ``create``: ``never`` makes no new one, nor again one that somebody deleted. ``when_green``: where all is green a
    new one is made of a milestone only, always, or never.
    """

    create: Literal["always", "never"] = "always"
    when_green: Literal["milestone", "always", "edit_only"] = "milestone"


class TrackingIssues(_Section):
    """The open milestones that get a tracking issue: each, those whose status or conflict needs one, or none."""

    create: Literal["always", "when_needed", "never"] = "always"


class Snapshot(_Section):
    """The copy that readers open; ``storage_version``: the oldest DuckDB that can (default: the warehouse's own)."""

    storage_version: StorageVersion | None = None


AutomationName = Literal[
    "hourly_ingest_schedule",
    "weekly_report_schedule",
    "quarterly_report_schedule",
    "sync_freshness_schedule",
    "on_merge",
    "on_weekly_ci",
    "on_notion_edit",
    "on_run_failure",
    "automation",
]
"""Schedules and sensors; ``automation`` stands for the hourly schedule, so it isn't among ``all``."""


class Automation(_Section):
    """The schedules and sensors that run from the start, and by whose end the weekly report is made.

    ``running``: names, or ``all``. ``weekly_workflows``: by repository the file of its weekly CI workflow.
    ``webhooks``: whether `roadmap webhooks` receives deliveries, so that sensors look for them every few seconds.
    """

    running: tuple[AutomationName, ...] | Literal["all"] = ()
    weekly_workflows: dict[str, str] = {}
    webhooks: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that run from the start."""
        if self.running != "all":
            return self.running
        return tuple(name for name in get_args(AutomationName) if name != "automation")

    @field_validator("weekly_workflows")
    @classmethod
    def _are_files(cls, value: dict[str, str]) -> dict[str, str]:
        for repository, workflow in value.items():
            if not REPOSITORY.fullmatch(repository):
                raise ValueError(f"{repository!r} is not owner/name")
            if not workflow.endswith((".yml", ".yaml")):
                raise ValueError(f"{repository}: name the workflow's file, such as ci.yml, not {workflow!r}")
        return value


class Configuration(_Section):
    """``roadmap.toml``. Every key is optional, unknown keys are errors."""

    repositories: tuple[str, ...] = ()
    """owner/name, or a pattern of an owner's repositories such as ``acme/*`` or ``acme/web-*``."""
    discovery: Discovery = Discovery()
    teams: Teams = Teams()
    history_days: Annotated[int, Field(ge=1)] = 400
    critical_workflows: dict[str, tuple[str, ...]] = {}
    default_branches: dict[str, dict[str, datetime]] = {}
    """By repository: its former default branches, and until when (aware, UTC) each was it."""
    progress: Progress = Progress()
    milestones: Milestones = Milestones()
    forecast: Forecast = Forecast()
    autofix: AutoFix = AutoFix()
    costs: Costs = Costs()
    savings: Savings = Savings()
    failures: Failures = Failures()
    limits: Limits = Limits()
    two_way: TwoWay = TwoWay()
    comments: Comments = Comments()
    tracking_issues: TrackingIssues = TrackingIssues()
    risks: Risks = Risks()
    notifications: Notifications = Notifications()
    snapshot: Snapshot = Snapshot()
    warehouse: Warehouse = Warehouse()
    retention: Retention = Retention()
    notion: NotionSection = NotionSection()
    reports: Reports = Reports()
    automation: Automation = Automation()

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
            if not names_repositories(repository):
                raise ValueError(f"{repository!r} is not owner/name, nor a pattern such as acme/*")
        return value


def read_configuration(path: Path, *, must_exist: bool, problems: list[str]) -> Configuration:
    """Return what a file says; where it is wrong, append to ``problems`` and return the defaults."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            problems.append(f"ROADMAP_CONFIG: there is no file {path}")
        return Configuration()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path.name}: cannot be read: {error}")
        return Configuration()
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: not valid TOML: {error}")
        return Configuration()
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        problems.extend(f"{path.name}: {problem}" for problem in _explain(error))
    with suppress(ValidationError):
        # Views are held against the databases later: so their problems come together with these.
        return Configuration(notion=NotionSection.model_validate(values.get("notion", {})))
    return Configuration()


def _explain(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            yield f"unknown key {key}{_did_you_mean(problem['loc'])}"
        elif problem["type"] in ("tuple_type", "list_type"):
            item = problem["input"] if isinstance(problem["input"], str) else "…"
            yield f'{key} is a list, also of one: ["{item}"] (given: {problem["input"]!r})'
        else:
            message = problem["msg"].removeprefix("Value error, ")
            # Of a whole table the message says what is wrong with it.
            given = "" if isinstance(problem["input"], dict) else f" (given: {problem['input']!r})"
            yield f"{key}: {message}{given}"


def _did_you_mean(location: tuple[int | str, ...]) -> str:
    model: Any = Configuration
    for part in location[:-1]:
        if isinstance(part, int):  # an item of the list that the key before names
            continue
        annotation: Any = model.model_fields[part].annotation if model and part in model.model_fields else None
        if isinstance(annotation, GenericAlias):
            annotation = get_args(annotation)[0]
        model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    known = list(model.model_fields) if model else []
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known here: {', '.join(known)}" if known else ""


def _blackout(text: object) -> tuple[date, date]:
    """Return the first and the last day that ``text`` names."""
    first, _, last = str(text).partition("/")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise ValueError(f"{text!r} is no day such as 2026-12-24, nor days such as 2026-12-24/2027-01-01") from None
    if days[1] < days[0]:
        raise ValueError(f"{text!r} ends before it begins")
    return days


def _former_branches(repository: str, branches: object) -> dict[str, datetime]:
    if not REPOSITORY.fullmatch(repository):
        raise ValueError(f"{repository!r} is not owner/name")
    if not isinstance(branches, dict):
        raise ValueError(
            f"{repository}: name each former branch, and until when it was the default one,"
            ' such as { master = "2026-10-21" }'
        )
    return {branch: _moment(repository, branch, until) for branch, until in branches.items()}


def _moment(repository: str, branch: str, until: object) -> datetime:
    """Return a day or time as TOML or a text gives it; a day stands for its start, a time without an offset is UTC."""
    moment = until
    if isinstance(moment, str):
        with suppress(ValueError):
            moment = datetime.fromisoformat(moment)
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if not branch.strip():
        raise ValueError(f"{repository}: a branch without a name was the default until {until}")
    if not isinstance(moment, datetime):
        raise ValueError(f"{repository}: {branch} was the default until {until!r}, which is no day such as 2026-10-21")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _overlap(one: str, other: str) -> bool:
    """Return whether a name is meant by a pattern, whichever of them is the pattern."""
    return fnmatch.fnmatchcase(one, other) or fnmatch.fnmatchcase(other, one)


def unused_sections(configuration: Configuration, repositories: tuple[str, ...]) -> list[str]:
    """Return a warning for each repository that a section names and that isn't configured."""
    named: dict[str, Mapping[str, object]] = {
        "critical_workflows": configuration.critical_workflows,
        "default_branches": configuration.default_branches,
        "automation.weekly_workflows": configuration.automation.weekly_workflows,
    }
    return [
        f"{section} names {repository}, which is not configured in repositories"
        " (it is used if that is an old name of one that is)"
        for section, keys in named.items()
        for repository in keys
        if repositories and not any(_overlap(known.lower(), repository.lower()) for known in repositories)
    ]
