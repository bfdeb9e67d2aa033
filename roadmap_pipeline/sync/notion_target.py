"""The Notion side of a sync: both databases as they are, what to change in them, and changing it.

Brings together the schema and rows of :mod:`roadmap_pipeline.notion` with the desired rows. Which value of a field wins
is decided in :mod:`roadmap_pipeline.sync.merge`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from roadmap_pipeline.notion import schema
from roadmap_pipeline.notion.configured_views import resolve_views
from roadmap_pipeline.notion.ids import stable_url
from roadmap_pipeline.notion.layout import SYNC_BASE, SYNC_KEY, DatabaseSchema
from roadmap_pipeline.notion.rows import Row, find_trashed, read_row, read_rows
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.agreement import is_edited_since_agreed, with_columns
from roadmap_pipeline.sync.canonical import canonical_title
from roadmap_pipeline.sync.desired import LATEST_CI_HEALTH, REPORT_KEY, DesiredMilestone, DesiredRow
from roadmap_pipeline.sync.journal import NO_PAGE, Base, RowValues
from roadmap_pipeline.sync.notion_rows import RowWrite, RowWriter, announced, with_report_names
from roadmap_pipeline.sync.plan import ROW_KINDS, Change, Kind, Plan
from roadmap_pipeline.sync.report_rows import ReportsPlan, plan_reports
from roadmap_pipeline.sync.roadmap_entities import Entity
from roadmap_pipeline.sync.row_matching import Rows
from roadmap_pipeline.warehouse.origin import stored_origin

_KINDS: Mapping[type, Kind] = {
    schema.CreateDatabase: "create_database",
    schema.AddProperty: "add_property",
    schema.AddOptions: "add_options",
    schema.RenameTitle: "rename_property",
    schema.AddView: "add_view",
    schema.ChangeView: "change_view",
    schema.SetDescription: "describe_database",
    schema.DescribeProperties: "describe_properties",
    schema.TrashDuplicate: "trash_database",
}


@dataclass
class NotionTarget:
    """Both databases, observed once; grows as changes are applied.

    Attributes:
        runtime: The run's.
        observed: Both databases.
        bases: What was agreed on for each row, with the properties' names.
        row_urls: Addresses of rows by sync key, as they are written.
        report_urls: Addresses of the reports that were there, by sync key.
        notes: What writing brought to light.
    """

    runtime: Runtime
    observed: schema.Observed
    bases: Mapping[str, Base]
    row_urls: dict[str, str] = field(default_factory=dict)
    report_urls: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
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
        own_views = resolve_views(settings.configuration.notion.views, [])  # what is wrong with them ended the run
        observed = schema.observe(
            runtime.notion, settings.notion_parent_page_id or "", ids, known, own_views, thorough=repair
        )
        problems = [
            problem
            for problem in observed.problems()
            # A database whose making was interrupted, or that an older version made, is completed; what people took
            # away comes back only on request.
            if not (problem.missing and (repair or problem.is_new))
        ]
        if problems:
            raise schema.SchemaError(problems)
        present = schema.resolve_present(observed)
        side = cls(runtime, observed, _named(runtime.journal.bases(), present, known), _remembered=known)
        may_be_unlisted = any(base.may_have_new_row for base in side.bases.values())
        if present and (may_be_unlisted or not side.bases):
            # A run ended while it created rows, or a warehouse got lost that knew what was just created or put in the
            # trash: until Notion's lists show that, rows would be created twice.
            runtime.notion.wait_until_consistent()
        for key, database in present.items():
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
            name = ours.get(row.page_id, str(row.values.get(title)))
            if self._report_pages.setdefault(name, row.page_id) == row.page_id:
                self.report_urls[REPORT_KEY + name] = stable_url(row.url)

    def plan_databases(self) -> Plan:
        """Return what to make so that both databases are whole and one's own views saved as they are described."""
        changes = tuple(
            Change("notion", _KINDS[type(change)], change.schema.title, change.describe(), detail=change)
            for change in schema.plan(self.observed)
        )
        return Plan(changes, notes=tuple(schema.settle_views(self.observed)))

    def plan_reports(self, desired: Sequence[DesiredRow], restore: frozenset[str] = frozenset()) -> ReportsPlan:
        """Return what to write to *CI Intelligence Reports*."""
        if self._is_unreadable(schema.CI_REPORTS) and desired:
            return ReportsPlan(notes=[_LATER.format(schema.CI_REPORTS.title)])
        rows = self._as_rows(schema.CI_REPORTS, [one.sync_key for one in desired])
        listed = {rows.title_of(row) for row in rows.listed}
        reports = [(canonical_title(one.title), {one.sync_key}) for one in desired]
        rows = self._with_trashed(rows, schema.CI_REPORTS, [one for one in reports if one[0] not in listed])
        plan = plan_reports(desired, rows, self.bases, restore)
        self._report_pages |= plan.pages
        self._coming_reports.update(change.title for change in plan.changes if change.kind == "create_row")
        return plan

    def roadmap_rows(self, entities: Sequence[Entity]) -> Rows | None:
        """Return the rows of *Engineering Roadmap* as they are matched; None where they can't be read yet.

        Only where a milestone seems to have no row, the trash is searched for it.
        """
        if self._is_unreadable(schema.ENGINEERING_ROADMAP):
            return None
        rows = self._as_rows(
            schema.ENGINEERING_ROADMAP, [key for one in entities for key in (one.key, *one.former_keys)]
        )
        listed = {rows.key_of(row) for row in rows.listed}
        keys = [(canonical_title(one.title), {one.key, *one.former_keys}) for one in entities]
        return self._with_trashed(rows, schema.ENGINEERING_ROADMAP, [one for one in keys if not one[1] & listed])

    def _with_trashed(
        self, rows: Rows, database: DatabaseSchema, unlisted: Sequence[tuple[str | None, set[str]]]
    ) -> Rows:
        """Return rows with those in the trash of what no list shows and no page that is remembered either.

        Args:
            rows: The rows of the database.
            database: The database.
            unlisted: Title and sync keys of what is not listed.
        """
        lost = {page_id for page_id in rows.fetched if rows.unlisted(page_id)[0] is None}
        known = {key for key, base in self.bases.items() if base.page_id != NO_PAGE and base.page_id not in lost}
        missing = [(title, keys) for title, keys in unlisted if not keys & known]
        address = schema.resolve_present(self.observed).get(database.key)
        if address is None or not missing:
            return rows
        titles = {title for title, _ in missing}
        wanted = {key for _, keys in missing for key in keys}

        def may_be_wanted(row: Row) -> bool:
            key = rows.key_of(row)
            return key in wanted or (key is None and rows.title_of(row) in titles)

        trashed = find_trashed(self.runtime.notion, address, is_wanted=may_be_wanted)
        return replace(rows, trashed=[with_report_names(row, self._report_pages) for row in trashed])

    def linked(self, desired: Iterable[DesiredMilestone]) -> list[DesiredMilestone]:
        """Return ``desired`` without links to reports that have no row (and get none by the plan made before)."""
        known = self._report_pages.keys() | self._coming_reports
        return [
            one
            if one.computed.get(LATEST_CI_HEALTH) in known
            else replace(
                one, computed={name: value for name, value in one.computed.items() if name != LATEST_CI_HEALTH}
            )
            for one in desired
        ]

    def _is_unreadable(self, database: DatabaseSchema) -> bool:
        """Return whether people made the database and it lacks properties: until then its rows can't be read."""
        return self.observed.databases[database.key] is not None and database.key not in self._rows

    def _as_rows(self, database: DatabaseSchema, keys: Sequence[str]) -> Rows:
        """Return the rows that Notion lists and, asked for one by one, those of ``keys`` that it doesn't list.

        Not being listed proves nothing: lists lag, and a row in the trash can be taken out again.
        """
        listed = [with_report_names(row, self._report_pages) for row in self._rows.get(database.key, ())]
        address = schema.resolve_present(self.observed).get(database.key)
        fetched: dict[str, Row | None] = {}
        pages = {row.page_id for row in listed}
        for base in [self.bases[key] for key in keys if key in self.bases]:
            if address is not None and base.page_id != NO_PAGE and base.page_id not in pages:
                row = read_row(self.runtime.notion, address, base.page_id)
                fetched[base.page_id] = row and with_report_names(row, self._report_pages)
        has_key = any(spec.name == SYNC_KEY for spec in database.properties)
        columns = address.property_ids if address else {}
        return Rows(
            listed,
            fetched,
            address.data_source_id if address else "",
            database.title_property.name,
            canonical_title,
            SYNC_KEY if has_key else None,
            # A row in the trash counts, too: what bears its key may be a person's copy of it.
            author=self._author(
                [
                    row.values.get(SYNC_KEY if has_key else database.title_property.name)
                    for row in (*listed, *filter(None, fetched.values()))
                ]
            ),
            is_edited=partial(is_edited_since_agreed, columns=columns),
            columns=columns,
        )

    def _author(self, names: Sequence[object]) -> str | None:
        """Return the id of the integration's own user; asked for only where two rows have one key (or title)."""
        keys = [name for name in names if name]
        return str(self.runtime.notion.request("GET", "users/me")["id"]) if len(set(keys)) < len(keys) else None

    def remember(self) -> None:
        """Note by which ids both databases are addressed, once they are there: people may rename from then on."""
        present = schema.resolve_present(self.observed)
        if present.keys() == schema.SCHEMAS.keys() and present != self._remembered:
            self.runtime.journal.remember(present)
            self._remembered = present

    def stored(self, values: RowValues) -> RowValues:
        """Return values with the ids of their properties, under which they are remembered."""
        key = schema.CI_REPORTS.key if values.sync_key.startswith(REPORT_KEY) else schema.ENGINEERING_ROADMAP.key
        return values.renamed(schema.resolve_present(self.observed)[key].property_ids)

    def announced(self, change: Change) -> RowValues | None:
        """Return what a row will hold once ``change`` is carried out, as far as that is to be remembered."""
        if change.kind not in ROW_KINDS or change.kind == "trash_duplicate":
            return None
        return self.stored(announced(self._with_columns(change)))

    def apply(self, change: Change) -> RowValues | None:
        """Carry out one change of a plan; gives what a row then holds. Raises the errors of the client."""
        if change.kind in ROW_KINDS:
            confirmed = self._writer(change.place).apply(self._with_columns(change))
            return None if confirmed is None else self.stored(confirmed)
        schema.apply(self.runtime.notion, change.detail, self.observed)
        self.remember()
        return None

    def _with_columns(self, change: Change) -> Change:
        """Return the change of a row, one that makes a row with the columns that are there by now."""
        write: RowWrite = change.detail
        if change.kind != "create_row" or SYNC_BASE not in write.values:
            return change
        columns = schema.resolve_present(self.observed)[schema.ENGINEERING_ROADMAP.key].property_ids
        values = {**write.values, SYNC_BASE: with_columns(write.values[SYNC_BASE], columns)}
        return replace(change, detail=replace(write, values=values))

    def _writer(self, title: str) -> RowWriter:
        if title not in self._writers:
            database = {database.schema.title: database for database in schema.resolve(self.observed).values()}[title]
            note_page: Callable[[str, str], None] = self.runtime.journal.note_page
            self._writers[title] = RowWriter(
                self.runtime.notion, database, self._report_pages, note_page, self.row_urls, self.notes
            )
        return self._writers[title]


_LATER = "{}: its rows follow when its properties are added"


def _named(
    bases: Mapping[str, Base], present: Mapping[str, schema.Database], known: Mapping[str, schema.Database]
) -> dict[str, Base]:
    """Return the bases with the names of properties for their ids.

    A base that an older version kept by the property's name holds where the property is still the one it was then: a
    column that was deleted and made anew has another id, and nothing was agreed on for it.
    """
    named = {}
    for sync_key, base in bases.items():
        key = schema.CI_REPORTS.key if sync_key.startswith(REPORT_KEY) else schema.ENGINEERING_ROADMAP.key
        if key not in present:
            named[sync_key] = base
            continue
        ids = present[key].property_ids
        names = {property_id: name for name, property_id in ids.items()}
        before = known[key].property_ids if key in known else ids
        fields = {
            name: value
            for name, value in base.fields.items()
            if name not in ids or (before.get(name) == ids[name] and ids[name] not in base.fields)
        }
        named[sync_key] = replace(base, fields=fields).renamed(names)
    return named
