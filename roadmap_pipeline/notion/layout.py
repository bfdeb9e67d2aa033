"""The two databases as the contract has them: properties, select options, views, and who owns each property.

Belongs here: declarations only. Finding, checking and making them in Notion is ``schema``'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ViewType = Literal["table", "board", "list", "calendar", "timeline", "gallery"]
PropertyType = Literal["title", "rich_text", "number", "select", "date", "url", "relation"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select, with one of Notion's colours."""

    name: str
    color: str


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """A property. ``owner`` says who decides its value: pipeline, GitHub, people, shared by GitHub and people, or sync.

    ``description`` is shown in Notion and unique within its database, so a renamed property is still recognised by it.
    ``about_before`` is what it said in an older version: it is replaced where people left it as it was. For a rate or a
    mean it says the unit, what n is, and from which n on it means something. ``format`` is a number's; percent shows
    0.95 as 95 %, stored numbers stay fractions. ``relation_to`` is the key of the database that a relation points to.
    ``has_time`` says that a date is a minute, not a day. ``since`` is the version of the database that brought it.
    """

    name: str
    type: PropertyType
    owner: Literal["pipeline", "GitHub", "people", "shared", "sync"]
    about: str
    format: Literal["number", "percent"] | None = None
    options: tuple[Option, ...] = ()
    relation_to: str | None = None
    about_before: str | None = None
    has_time: bool = False
    since: int = 1

    @property
    def description(self) -> str:
        """The description that Notion shows: what it is, and whose."""
        return self._described(self.about)

    @property
    def former_description(self) -> str | None:
        """The description that an older version wrote."""
        return None if self.about_before is None else self._described(self.about_before)

    def _described(self, about: str) -> str:
        owner = {"shared": "GitHub and people, synced both ways", "GitHub": "GitHub, copied here"}.get(
            self.owner, self.owner
        )
        return f"{about} Owner: {owner}."


@dataclass(frozen=True, slots=True)
class ViewFilter:
    """A condition on one property, in Notion's words: ``condition`` such as ``greater_than``."""

    property: str
    condition: str
    value: Any


@dataclass(frozen=True, slots=True)
class ViewSort:
    """A property to sort by."""

    property: str
    direction: Literal["ascending", "descending"]


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A saved view: one of the project's own, or one that ``roadmap.toml`` describes.

    ``group_by`` names a select (board, table), ``date`` a date property (timeline, calendar); rows shown meet all
    ``filters``, or any of them where ``match`` says so; ``columns`` lists the properties shown, first to last, empty
    for everything. ``since`` is the version of the database that brought the view in this form; ``type_before`` what it
    was before, where that was another type: a view's type cannot change.
    """

    name: str
    type: ViewType
    group_by: str | None = None
    date: str | None = None
    filters: tuple[ViewFilter, ...] = ()
    match: Literal["all", "any"] = "all"
    sorts: tuple[ViewSort, ...] = ()
    columns: tuple[str, ...] = ()
    since: int = 1
    type_before: ViewType | None = None


@dataclass(frozen=True, slots=True)
class DatabaseSchema:
    """A database. ``key`` is its name in code, ``environment`` the variable that may name an existing one.

    ``description`` is shown in Notion and written last, so it tells which version of the database is whole.
    ``former_descriptions`` are those of the versions before, oldest first: whatever a version brings (a property's
    ``since``) is told by them from what people deleted.
    """

    key: str
    title: str
    environment: str
    description: str
    properties: tuple[PropertySpec, ...]
    views: tuple[ViewSpec, ...]
    former_descriptions: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The version of the database, counted from 1."""
        return len(self.former_descriptions) + 1

    def version_of(self, description: str) -> int:
        """Return the version that a database was brought to, by its description; 0: none of ours, or not finished."""
        descriptions = (*self.former_descriptions, self.description)
        return next((n for n in range(len(descriptions), 0, -1) if descriptions[n - 1] in description), 0)

    @property
    def title_property(self) -> PropertySpec:
        """The property of type title; its value identifies a row."""
        return next(spec for spec in self.properties if spec.type == "title")

    def property(self, name: str) -> PropertySpec:
        """Return the property of that name.

        Raises:
            KeyError: There is none.
        """
        for spec in self.properties:
            if spec.name == name:
                return spec
        raise KeyError(f"{self.title} has no property {name!r}")


_TREND = (Option("Improving", "green"), Option("Stable", "gray"), Option("Degrading", "red"))
_QUARTERLY_DAYS = 80

SYNC_KEY = "🔑 Sync Key"
SYNC_STATE = "🔄 Sync State"
SYNC_NOTE = "🧾 Sync Note"
LAST_SYNCED = "🕒 Last Synced"
SYNC_BASE = "🧷 Sync Base"
WORK_DONE = "📦 Work Done"
FORECAST = "🔮 Forecast"
ON_TIME = "🎯 On Time"
FORECAST_STATE = "🧭 Forecast State"
RISK = "⚠️ Risk"

CI_REPORTS = DatabaseSchema(
    key="ci_reports",
    title="CI Intelligence Reports",
    environment="NOTION_CI_REPORTS_DB_ID",
    description="One row per weekly or quarterly report on continuous integration. Kept by roadmap_pipeline.",
    properties=(
        PropertySpec("Report Name", "title", "pipeline", "File name of the report; identifies the row."),
        PropertySpec("Report Date", "date", "pipeline", "Day after the last day of the period."),
        PropertySpec("Analysis Period", "number", "pipeline", "Length of the period in days.", format="number"),
        PropertySpec(
            "Total Failures",
            "number",
            "pipeline",
            "Number of failed job attempts of the runs created in the period; a job that failed again in a re-"
            " run counts twice.",
            about_before="Failed job attempts of the period's runs.",
            format="number",
        ),
        PropertySpec(
            "Auto-fix Success Rate",
            "number",
            "pipeline",
            "Automatic repairs that worked, in % of those with a result (n, in the report's scorecard). Under n"
            " = 5 it means little; empty without one.",
            about_before="Automatic repairs that worked, of those attempted; empty without an attempt.",
            format="percent",
        ),
        PropertySpec(
            "Average MTTR",
            "number",
            "pipeline",
            "Hours from red to green on default branches: mean of the red episodes that started in the period"
            " and have ended (n, in the report's scorecard). Under n = 5 it means little; empty without one.",
            about_before="Mean hours from red to green on default branches.",
            format="number",
        ),
        PropertySpec(
            "Top Failure Category",
            "rich_text",
            "pipeline",
            "Cause of most failed job attempts of the period. Under 5 of them it means little; empty without one.",
            about_before="The most frequent cause of failure.",
        ),
        PropertySpec("Report Content", "rich_text", "pipeline", "The whole report as Markdown; the page shows it."),
        PropertySpec("GitHub Link", "url", "pipeline", "Where the runs are on GitHub."),
    ),
    views=(
        ViewSpec(
            "Weekly CI Intelligence",
            "table",
            filters=(ViewFilter("Analysis Period", "less_than_or_equal_to", _QUARTERLY_DAYS),),
            sorts=(ViewSort("Report Date", "descending"),),
        ),
        ViewSpec(
            "Quarterly Reports",
            "table",
            filters=(ViewFilter("Analysis Period", "greater_than", _QUARTERLY_DAYS),),
            sorts=(ViewSort("Report Date", "descending"),),
        ),
    ),
)

ENGINEERING_ROADMAP = DatabaseSchema(
    key="roadmap",
    title="Engineering Roadmap",
    environment="NOTION_ROADMAP_DB_ID",
    description="One row per GitHub milestone, and those that people add; synced both ways, with forecasts and risks."
    " Kept by roadmap_pipeline.",
    former_descriptions=(
        "One row per GitHub milestone, and those that people add. Kept by roadmap_pipeline.",
        "One row per GitHub milestone, and those that people add; synced both ways. Kept by roadmap_pipeline.",
        "One row per GitHub milestone, and those that people add; synced both ways, with forecasts. Kept by"
        " roadmap_pipeline.",
    ),
    properties=(
        PropertySpec("🧩 Milestone", "title", "shared", "Title of the milestone; identifies the row."),
        PropertySpec("📆 Target Date", "date", "shared", "Due date of the milestone."),
        PropertySpec(
            "✅ Status",
            "select",
            "shared",
            "Completed: the milestone is closed. Else the label on its tracking issue.",
            options=(
                Option("Planned", "gray"),
                Option("In Progress", "blue"),
                Option("Blocked", "red"),
                Option("Completed", "green"),
            ),
        ),
        PropertySpec(
            "📊 Progress",
            "number",
            "pipeline",
            "Points of the progress rules (seed_v1), in % of 100; each rule gives all its points or none.",
            about_before="Points of the progress rules (seed_v1).",
            format="percent",
        ),
        PropertySpec(
            "📎 Latest CI Health", "relation", "pipeline", "The newest weekly report.", relation_to=CI_REPORTS.key
        ),
        PropertySpec("📦 Related PR", "url", "GitHub", "The milestone's most telling pull request."),
        PropertySpec(
            "🧪 Workflow Pass Rate",
            "number",
            "pipeline",
            "Runs that passed in the end, in % of the milestone's runs with a result (n) in its window, by"
            " default the last 28 days. Under n = 5 it means little; empty without runs.",
            about_before="Runs of the milestone that passed; empty without runs.",
            format="percent",
        ),
        PropertySpec(
            "🩹 Auto-Fix Success",
            "number",
            "pipeline",
            "Automatic repairs in the milestone's window that worked, in % of those with a result (n). Under n"
            " = 5 it means little; empty without one.",
            about_before="Automatic repairs in the milestone that worked; empty without an attempt.",
            format="percent",
        ),
        PropertySpec(
            "⏱️ MTTR",
            "number",
            "pipeline",
            "Hours from red to green on the milestone's branches: mean of the red spells that started in its"
            " window and have ended (n). Under n = 5 it means little; empty without one.",
            about_before="Mean hours from red to green.",
            format="number",
        ),
        PropertySpec(
            "📈 Trend",
            "select",
            "pipeline",
            "The pass rate against the window before: Improving or Degrading by 2 points or more, beyond chance"
            " and with n of 20 in both; else Stable.",
            about_before="Where the milestone's CI health is going.",
            options=_TREND,
        ),
        PropertySpec(
            "📝 Notes", "rich_text", "people", "Starts with recommendations; from your first edit on it is yours."
        ),
        PropertySpec(
            SYNC_KEY,
            "rich_text",
            "sync",
            "Says which milestone the row stands for, whatever it is called. Leave it; empty it in a copy of the row.",
            since=2,
        ),
        PropertySpec(
            SYNC_STATE,
            "select",
            "sync",
            "How the row stands to GitHub. In a conflict choose here: Changed here takes the values of this row,"
            " Changed on GitHub takes those of GitHub.",
            options=(
                Option("In step", "green"),
                Option("Changed here", "yellow"),
                Option("Changed on GitHub", "blue"),
                Option("Conflict", "red"),
                Option("Needs a person", "orange"),
            ),
            since=2,
        ),
        PropertySpec(
            SYNC_NOTE,
            "rich_text",
            "sync",
            "Why the row is in its state, and what would settle it; empty in step.",
            since=2,
        ),
        PropertySpec(
            LAST_SYNCED,
            "date",
            "sync",
            "Minute of the last change that the sync made to the row or to its milestone.",
            has_time=True,
            since=2,
        ),
        PropertySpec(
            SYNC_BASE,
            "rich_text",
            "sync",
            "Digests of what Notion and GitHub last agreed on: by them the sync tells who edited since. Leave it.",
            since=2,
        ),
        PropertySpec(
            WORK_DONE,
            "number",
            "pipeline",
            "Issues and pull requests of the milestone that are closed, in % of all (n). Under n = 5 it means"
            " little; empty without one.",
            format="percent",
            since=2,
        ),
        PropertySpec(
            FORECAST,
            "date",
            "pipeline",
            "The day by which the milestone is finished in 85 % of simulated courses, as of the week's first day. Empty"
            " where there is no forecast: the state says why. The page says how often such dates were met.",
            since=3,
        ),
        PropertySpec(
            ON_TIME,
            "number",
            "pipeline",
            "Simulated courses that end by the target date, in % of 5,000; empty without a forecast or target date.",
            format="percent",
            since=3,
        ),
        PropertySpec(
            FORECAST_STATE,
            "rich_text",
            "pipeline",
            "What the forecast rests on, or why there is none.",
            since=3,
        ),
        PropertySpec(
            RISK,
            "rich_text",
            "pipeline",
            "What threatens the milestone, gravest first, and since when; – for nothing, empty once it is closed. The"
            " page says why, whom to ask, and what would clear it.",
            since=4,
        ),
    ),
    views=(
        ViewSpec("Engineering Roadmap", "board", group_by="✅ Status"),
        ViewSpec("Engineering Roadmap Timeline", "timeline", date="📆 Target Date"),
        # Until version 2 a table, because there was no state to group by.
        ViewSpec("Sync Status", "board", group_by=SYNC_STATE, since=2, type_before="table"),
    ),
)

SCHEMAS: Mapping[str, DatabaseSchema] = {schema.key: schema for schema in (CI_REPORTS, ENGINEERING_ROADMAP)}
"""By key, in the order in which they can be made: a relation needs its target first."""


def show_schema() -> list[dict[str, Any]]:
    """Return every property, in order.

    Returns:
        ``{database, property, type, format, options, owner, description}`` each. ``format`` is None except for numbers,
        ``options`` empty except for selects (their names) and relations (the title of the database they point to).
    """
    return [
        {
            "database": schema.title,
            "property": spec.name,
            "type": spec.type,
            "format": spec.format,
            "options": [SCHEMAS[spec.relation_to].title] if spec.relation_to else [o.name for o in spec.options],
            "owner": spec.owner,
            "description": spec.description,
        }
        for schema in SCHEMAS.values()
        for spec in schema.properties
    ]
