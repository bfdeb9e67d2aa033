"""The two databases as the contract has them: properties, select options, views, and who owns each property.

Belongs here: declarations only. Finding, checking and making them in Notion is ``schema``'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

PropertyType = Literal["title", "rich_text", "number", "select", "date", "url", "relation"]


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select, with one of Notion's colours."""

    name: str
    color: str


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """A property. ``owner`` says who decides its value: pipeline, GitHub, people, or shared by GitHub and people.

    ``description`` is shown in Notion and unique within its database, so a renamed property is still recognised by it.
    ``about_before`` is what it said in an older version: it is replaced where people left it as it was. For a rate or a
    mean it says the unit, what n is, and from which n on it means something. ``format`` is a number's; percent shows
    0.95 as 95 %, stored numbers stay fractions. ``relation_to`` is the key of the database that a relation points to.
    """

    name: str
    type: PropertyType
    owner: Literal["pipeline", "GitHub", "people", "shared"]
    about: str
    format: Literal["number", "percent"] | None = None
    options: tuple[Option, ...] = ()
    relation_to: str | None = None
    about_before: str | None = None

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
class ViewSpec:
    """A saved view.

    ``group_by`` and ``date`` name properties (board, timeline); ``number_filter`` is (property, condition, number);
    ``newest_first`` names the date property to sort by, or is ``last_edited_time``; ``columns`` lists what a table
    shows, first to last, empty for everything.
    """

    name: str
    type: Literal["table", "board", "timeline"]
    group_by: str | None = None
    date: str | None = None
    number_filter: tuple[str, str, float] | None = None
    newest_first: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatabaseSchema:
    """A database. ``key`` is its name in code, ``environment`` the variable that may name an existing one."""

    key: str
    title: str
    environment: str
    description: str
    properties: tuple[PropertySpec, ...]
    views: tuple[ViewSpec, ...]

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
            number_filter=("Analysis Period", "less_than_or_equal_to", _QUARTERLY_DAYS),
            newest_first="Report Date",
        ),
        ViewSpec(
            "Quarterly Reports",
            "table",
            number_filter=("Analysis Period", "greater_than", _QUARTERLY_DAYS),
            newest_first="Report Date",
        ),
    ),
)

ENGINEERING_ROADMAP = DatabaseSchema(
    key="roadmap",
    title="Engineering Roadmap",
    environment="NOTION_ROADMAP_DB_ID",
    description="One row per GitHub milestone, and those that people add. Kept by roadmap_pipeline.",
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
    ),
    views=(
        ViewSpec("Engineering Roadmap", "board", group_by="✅ Status"),
        ViewSpec("Engineering Roadmap Timeline", "timeline", date="📆 Target Date"),
        ViewSpec(
            "Sync Status",
            "table",
            newest_first="last_edited_time",
            columns=(
                "🧩 Milestone",
                "✅ Status",
                "📆 Target Date",
                "📊 Progress",
                "📎 Latest CI Health",
                "📦 Related PR",
            ),
        ),
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
