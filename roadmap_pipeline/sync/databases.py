"""The Notion side of a sync: both databases as they are, what to change in them, and changing it.

Brings together the schema and rows of :mod:`roadmap_pipeline.notion` with the desired rows. Which value of a field wins
is decided in :mod:`roadmap_pipeline.sync.merge`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from roadmap_pipeline.notion import schema
from roadmap_pipeline.notion.layout import DatabaseSchema
from roadmap_pipeline.notion.rows import Row, read_rows
from roadmap_pipeline.sync.desired import DesiredRow
from roadmap_pipeline.sync.journal import Base
from roadmap_pipeline.sync.merge import Owner
from roadmap_pipeline.sync.notion_rows import RowsPlan, RowWriter, plan_rows, with_report_names
from roadmap_pipeline.sync.plan import Change, Kind, Plan
from roadmap_pipeline.workspace import Workspace

_KINDS: Mapping[type, Kind] = {
    schema.CreateDatabase: "create_database",
    schema.AddProperty: "add_property",
    schema.AddOptions: "add_options",
    schema.RenameTitle: "rename_property",
    schema.AddView: "add_view",
    schema.SetDescription: "describe_database",
}

_OWNERS: Mapping[str, Owner] = {"pipeline": "pipeline", "GitHub": "pipeline", "shared": "shared", "people": "people"}
"""What GitHub alone says is overwritten in Notion like what the pipeline computes."""


@dataclass
class NotionSide:
    """Both databases, observed once; grows as changes are applied."""

    workspace: Workspace
    observed: schema.Observed
    reports: list[Row] = field(default_factory=list)
    roadmap: list[Row] = field(default_factory=list)
    _writers: dict[str, RowWriter] = field(default_factory=dict)
    _report_pages: dict[str, str] = field(default_factory=dict)

    @classmethod
    def look(cls, workspace: Workspace, *, mend: bool = False) -> "NotionSide":
        """Read both databases and all their rows.

        Raises :class:`~roadmap_pipeline.notion.schema.SchemaError` when one is out of shape; ``mend`` accepts
        properties that are missing, to add them.
        """
        settings = workspace.settings
        ids = {
            schema.CI_REPORTS.key: settings.notion_ci_reports_db_id,
            schema.ENGINEERING_ROADMAP.key: settings.notion_roadmap_db_id,
        }
        known = workspace.journal.databases()
        observed = schema.look(workspace.notion, settings.notion_parent_page_id or "", ids, known, thorough=mend)
        unfinished = {
            schema.SCHEMAS[key].title
            for key, found in observed.databases.items()
            if found is not None and not found.is_finished
        }
        problems = [
            problem
            for problem in observed.problems()
            # A database whose making was interrupted is completed; one from which people took a property is not ours.
            if not (problem.missing and (mend or problem.database in unfinished))
        ]
        if problems:
            raise schema.SchemaError(problems)
        side = cls(workspace, observed)
        if all(found is not None for found in observed.databases.values()) and not observed.problems():
            databases = schema.resolve(observed)
            side.reports = read_rows(workspace.notion, databases[schema.CI_REPORTS.key])
            side.roadmap = read_rows(workspace.notion, databases[schema.ENGINEERING_ROADMAP.key])
            title = schema.CI_REPORTS.title_property.name
            side._report_pages.update({str(row.values.get(title)): row.page_id for row in side.reports})
        return side

    def plan_databases(self) -> Plan:
        """What to make so that both databases are whole."""
        return Plan(
            tuple(
                Change("notion", _KINDS[type(change)], change.schema.title, change.describe(), detail=change)
                for change in schema.plan(self.observed)
            )
        )

    def plan_reports(self, desired: Sequence[DesiredRow], bases: Mapping[str, Base]) -> RowsPlan:
        """What to write to *CI Intelligence Reports*."""
        return self._plan(schema.CI_REPORTS, desired, self.reports, bases)

    def plan_roadmap(self, desired: Sequence[DesiredRow], bases: Mapping[str, Base]) -> RowsPlan:
        """What to write to *Engineering Roadmap*."""
        observed = [with_report_names(row, self._report_pages) for row in self.roadmap]
        return self._plan(schema.ENGINEERING_ROADMAP, desired, observed, bases)

    def _plan(
        self,
        database: DatabaseSchema,
        desired: Sequence[DesiredRow],
        observed: Sequence[Row],
        bases: Mapping[str, Base],
    ) -> RowsPlan:
        return plan_rows(
            database.title,
            desired,
            observed,
            bases,
            title_property=database.title_property.name,
            owners={spec.name: _OWNERS[spec.owner] for spec in database.properties},
        )

    def apply(self, change: Change) -> None:
        """Carry out one change of a plan. Raises the errors of the client."""
        if change.kind in ("create_row", "update_row"):
            self._writer(change.place).apply(change)
        else:
            schema.apply(self.workspace.notion, change.detail, self.observed)
            if all(found is not None for found in self.observed.databases.values()):
                self.workspace.journal.remember(schema.resolve(self.observed))

    def _writer(self, title: str) -> RowWriter:
        if title not in self._writers:
            database = {found.schema.title: found for found in schema.resolve(self.observed).values()}[title]
            self._writers[title] = RowWriter(
                self.workspace.notion, database, self.workspace.journal, self._report_pages
            )
        return self._writers[title]
