"""The Notion side of a sync: both databases as they are, what to change in them, and changing it.

Brings together the schema and rows of :mod:`roadmap_pipeline.notion` with the desired rows. Which value of a field wins
is decided in :mod:`roadmap_pipeline.sync.merge`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from roadmap_pipeline.notion import schema
from roadmap_pipeline.notion.layout import DatabaseSchema
from roadmap_pipeline.notion.rows import Row, read_row, read_rows
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.desired import LATEST_CI_HEALTH, REPORT_KEY, DesiredRow
from roadmap_pipeline.sync.journal import NO_PAGE, Base, RowValues
from roadmap_pipeline.sync.merge import Owner
from roadmap_pipeline.sync.notion_rows import RowsPlan, RowWriter, plan_rows, with_report_names
from roadmap_pipeline.sync.plan import ROW_KINDS, Change, Kind, Plan
from roadmap_pipeline.warehouse.origin import stored_origin

_KINDS: Mapping[type, Kind] = {
    schema.CreateDatabase: "create_database",
    schema.AddProperty: "add_property",
    schema.AddOptions: "add_options",
    schema.RenameTitle: "rename_property",
    schema.AddView: "add_view",
    schema.SetDescription: "describe_database",
    schema.DescribeProperties: "describe_properties",
}

_OWNERS: Mapping[str, Owner] = {"pipeline": "pipeline", "GitHub": "pipeline", "shared": "shared", "people": "people"}
"""Owners that win: what GitHub alone says is overwritten in Notion like what the pipeline computes."""


@dataclass
class NotionTarget:
    """Both databases, observed once; grows as changes are applied."""

    runtime: Runtime
    observed: schema.Observed
    bases: Mapping[str, Base]
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _writers: dict[str, RowWriter] = field(default_factory=dict)
    _report_pages: dict[str, str] = field(default_factory=dict)
    _coming_reports: set[str] = field(default_factory=set)
    _remembered: Mapping[str, schema.Database] = field(default_factory=dict)

    @classmethod
    def look(cls, runtime: Runtime, *, repair: bool = False) -> "NotionTarget":
        """Read both databases and all their rows.

        Raises:
            SchemaError: A database is out of shape. With ``repair`` properties may be missing: they will be added.
        """
        settings = runtime.settings
        ids = {
            schema.CI_REPORTS.key: settings.notion_ci_reports_db_id,
            schema.ENGINEERING_ROADMAP.key: settings.notion_roadmap_db_id,
        }
        # Before real data replace the sandbox's, the warehouse still remembers the sandbox's databases.
        is_ours = stored_origin(settings.warehouse) in (None, settings.origin)
        known = runtime.journal.databases() if is_ours else {}
        observed = schema.observe(runtime.notion, settings.notion_parent_page_id or "", ids, known, thorough=repair)
        unfinished = {
            schema.SCHEMAS[key].title
            for key, database in observed.databases.items()
            if database is not None and not database.is_finished
        }
        problems = [
            problem
            for problem in observed.problems()
            # A database whose making was interrupted is completed; one from which people took a property is not ours.
            if not (problem.missing and (repair or problem.database in unfinished))
        ]
        if problems:
            raise schema.SchemaError(problems)
        side = cls(runtime, observed, runtime.journal.bases(), _remembered=known)
        if any(base.page_id == NO_PAGE for base in side.bases.values()):
            # A run ended while it created rows: until Notion's lists show them they would be created twice.
            runtime.notion.wait_until_consistent()
        for key, database in schema.resolve_present(observed).items():
            side._rows[key] = read_rows(runtime.notion, database)
        side._name_reports()
        return side

    def _name_reports(self) -> None:
        """Note which page is which report.

        What was agreed on tells it, since people may rename and copy rows; else the title does.
        """
        ours = {base.page_id: key.removeprefix(REPORT_KEY) for key, base in self.bases.items()}
        title = schema.CI_REPORTS.title_property.name
        for row in sorted(self._rows.get(schema.CI_REPORTS.key, ()), key=lambda row: row.page_id not in ours):
            self._report_pages.setdefault(ours.get(row.page_id, str(row.values.get(title))), row.page_id)

    def plan_databases(self) -> Plan:
        """Return what to make so that both databases are whole."""
        return Plan(
            tuple(
                Change("notion", _KINDS[type(change)], change.schema.title, change.describe(), detail=change)
                for change in schema.plan(self.observed)
            )
        )

    def plan_reports(self, desired: Sequence[DesiredRow]) -> RowsPlan:
        """Return what to write to *CI Intelligence Reports*."""
        rows = self._plan(schema.CI_REPORTS, desired, self.bases)
        self._coming_reports.update(change.title for change in rows.plan.changes if change.kind == "create_row")
        return rows

    def plan_roadmap(self, desired: Sequence[DesiredRow], current: Collection[str]) -> RowsPlan:
        """Return what to write to *Engineering Roadmap*; ``current`` are the keys of all milestones there are.

        A report that has no row (and gets none by the plan of the reports made before) isn't linked.
        """
        known = self._report_pages.keys() | self._coming_reports
        linked = [
            row
            if row.values.get(LATEST_CI_HEALTH) in known
            else replace(row, values={name: value for name, value in row.values.items() if name != LATEST_CI_HEALTH})
            for row in desired
        ]
        return self._plan(schema.ENGINEERING_ROADMAP, linked, current)

    def _plan(self, database: DatabaseSchema, desired: Sequence[DesiredRow], current: Collection[str]) -> RowsPlan:
        if desired and self.observed.databases[database.key] is not None and database.key not in self._rows:
            # A database that people made and that lacks properties: until it has them its rows can't be read.
            return RowsPlan(Plan(notes=(f"{database.title}: its rows follow when its properties are added",)), ())
        return plan_rows(
            database.title,
            desired,
            [with_report_names(row, self._report_pages) for row in self._observed(database, desired)],
            self.bases,
            current=current,
            title_property=database.title_property.name,
            owners={spec.name: _OWNERS[spec.owner] for spec in database.properties},
        )

    def _observed(self, database: DatabaseSchema, desired: Sequence[DesiredRow]) -> list[Row]:
        """Return the rows that Notion lists and, asked for one by one, those of ``desired`` that it doesn't list.

        Not being listed proves nothing: lists lag, and a row in the trash can be taken out again.
        """
        rows = list(self._rows.get(database.key, ()))
        if database.key not in self._rows:
            return rows
        address = schema.resolve_present(self.observed)[database.key]
        listed = {row.page_id for row in rows}
        for wanted in desired:
            base = self.bases.get(wanted.sync_key)
            if base is None or base.page_id == NO_PAGE or base.page_id in listed:
                continue
            row = read_row(self.runtime.notion, address, base.page_id)
            if row is not None and row.data_source_id == address.data_source_id:
                rows.append(row)
        return rows

    def remember(self) -> None:
        """Note by which ids both databases are addressed, once they are there: people may rename from then on."""
        present = schema.resolve_present(self.observed)
        if present.keys() == schema.SCHEMAS.keys() and present != self._remembered:
            self.runtime.journal.remember(present)
            self._remembered = present

    def apply(self, change: Change) -> RowValues | None:
        """Carry out one change of a plan; gives what a row then holds. Raises the errors of the client."""
        if change.kind in ROW_KINDS:
            return self._writer(change.place).apply(change)
        schema.apply(self.runtime.notion, change.detail, self.observed)
        self.remember()
        return None

    def _writer(self, title: str) -> RowWriter:
        if title not in self._writers:
            database = {database.schema.title: database for database in schema.resolve(self.observed).values()}[title]
            self._writers[title] = RowWriter(self.runtime.notion, database, self._report_pages)
        return self._writers[title]
