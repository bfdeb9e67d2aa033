"""Matching: which row of a Notion database stands for what, by its page, its sync key, its title.

Belongs here: matching, and what is wrong with a match (in the trash, gone, moved, there twice). Pure functions of rows
that were read; what a row should say is decided elsewhere.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roadmap_pipeline.notion.rows import Row
from roadmap_pipeline.sync.agreement import REMADE
from roadmap_pipeline.sync.journal import NO_PAGE, Base, RowValues


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that should have one row.

    ``former_keys`` are those that older versions knew it by. What ``is_gone`` has a row as long as that is there, and
    leaves a row of its title to what is there.
    """

    sync_key: str
    titles: frozenset[str]
    """Canonical titles by which a row without a key is taken for it."""
    former_keys: tuple[str, ...] = ()
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The row that stands for something, and what was agreed on for it.

    Attributes:
        row: The row; None where there is none (any more) that can be written to.
        base: What was agreed on; without fields at first contact.
        is_inherited: The base was agreed on under another key or for a former row, and has to be noted for this one.
        lost: Why a row that was there is none any more: ``deleted`` or ``moved``.
        duplicates: Further rows of ours that bear the same key and no edit that would be lost with them: two runs at
            once had made them, or the integration couldn't see one for a while.
        seconds: The same, which do bear such an edit: it is looked at once nothing is left to carry on in ``row``.
        candidates: Number of rows of that title, where it is not clear which is meant.
        rivals: Keys of others that bear the title of a row of people's, too: it is none of theirs.
        unknown: Properties that both sides share of which nobody can tell whether people emptied them in the row.
    """

    row: Row | None
    base: Base
    is_inherited: bool = False
    lost: str | None = None
    duplicates: tuple[Row, ...] = ()
    seconds: tuple[Row, ...] = ()
    candidates: int = 0
    rivals: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    def agreed_on(self, sync_key: str, values: Mapping[str, Any], forgotten: Collection[str] = ()) -> list[RowValues]:
        """Return what to note as agreed on of the row: ``values``, and what was inherited; nothing where that is so."""
        base = self.base
        inherited = {name: base.fields[name] for name in base.fields.keys() - forgotten} if self.is_inherited else {}
        written = {name: base.written[name] for name in inherited.keys() & base.written.keys() - values.keys()}
        if self.row is None or not (inherited or values or base.pending or base.pending_github):
            return []
        return [RowValues(sync_key, self.row.page_id, {**inherited, **values}, written, forgotten=frozenset(forgotten))]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one database, as they were read.

    Attributes:
        listed: Those that Notion lists.
        fetched: Those that were asked for by their page, since a base names it and no list shows it; None: gone.
        trashed: Those that a search of the trash brought.
        data_source_id: The database they should be in.
        is_edited: Tells whether a row holds an edit of people's that no sync has carried on; given properties of which
            that can't be told.
        columns: Ids of the database's properties, by name.
        author: Id of the integration's own user, who made the rows that may be given up as duplicates; None where none
            can be.
        title_property: Name of the title.
        key_property: Name of the property that holds the sync key; None where the database has none.
        canonical: Brings a title into the form in which it is compared.
    """

    listed: Sequence[Row]
    fetched: Mapping[str, Row | None]
    data_source_id: str
    title_property: str
    canonical: Callable[[Any], str | None]
    key_property: str | None = None
    trashed: Sequence[Row] = ()
    author: str | None = None
    is_edited: Callable[[Mapping[str, Any], Collection[str]], bool] = lambda _values, _unknown: False
    columns: Mapping[str, str] = field(default_factory=dict)

    def key_of(self, row: Row) -> str | None:
        """Return the sync key that a row bears."""
        key = row.values.get(self.key_property) if self.key_property else None
        return str(key).strip() if key else None

    def title_of(self, row: Row) -> str | None:
        """Return the title of a row, as titles are compared."""
        return self.canonical(row.values.get(self.title_property))

    def unlisted(self, page_id: str) -> tuple[Row | None, str | None]:
        """Return the row of a page that no list shows, or why there is none any more."""
        row = self.fetched.get(page_id)
        if row is None:
            return None, "deleted"
        if row.is_duplicate:
            return None, None  # Given up for another row of ours, here or by another machine.
        if row.data_source_id != self.data_source_id:
            return None, "moved"
        return row, None

    def is_ours(self, row: Row) -> bool:
        """Return whether the integration made a row, where it was asked who it is."""
        return self.author is not None and row.created_by == self.author


def match_rows(wanted: Sequence[Wanted], rows: Rows, bases: Mapping[str, Base]) -> dict[str, Match]:
    """Return the match of each wanted thing by sync key.

    A row is found by the page that its base names, else by the sync key that it bears, else by its title if it bears
    no key of something else, and nothing else without a row has that title, too. Of several rows of ours with one key
    the oldest counts, so that two machines that made them at once come to the same; before it the oldest that people
    edited since it was last in step, so that no edit goes to the trash with its row. Of people's copies alone the
    oldest counts, too, once nothing is left to carry on in the one that stood for it.
    """
    stood_for = {page_id: key for key, base in bases.items() for page_id in base.former}
    matcher = _Matcher(rows, stood_for | {base.page_id: key for key, base in bases.items()})
    found = {one.sync_key: matcher.by_page_or_key(one, bases) for one in wanted}
    matcher.taken.update(match.row.page_id for match in found.values() if match.row is not None)
    orphans = {base.page_id: base for key, base in bases.items() if key not in found}
    without_row = [one for one in wanted if found[one.sync_key].row is None]
    claims: dict[str, set[str]] = defaultdict(set)
    for one in without_row:
        for row in () if one.is_gone else matcher.of_title(one):
            claims[row.page_id].add(one.sync_key)
    for one in without_row:
        found[one.sync_key] = matcher.by_title(one, found[one.sync_key], orphans, claims)
    return found


class _Matcher:
    def __init__(self, rows: Rows, keys: Mapping[str, str]) -> None:
        self._rows = rows
        self._keys = keys
        self._by_page = {row.page_id: row for row in (*rows.trashed, *rows.listed)}
        self.taken: set[str] = set()
        self._by_key: dict[str, list[Row]] = defaultdict(list)
        self._by_title: dict[str, list[Row]] = defaultdict(list)
        for row in self._by_page.values():
            if (key := rows.key_of(row)) is not None:
                self._by_key[key].append(row)
            if (title := rows.title_of(row)) is not None:
                self._by_title[title].append(row)

    def by_page_or_key(self, wanted: Wanted, bases: Mapping[str, Base]) -> Match:
        key = next((key for key in (wanted.sync_key, *wanted.former_keys) if key in bases), wanted.sync_key)
        base = bases.get(key, Base(NO_PAGE))
        row, lost = self._row_of_page(base.page_id)
        bearing = self._bearing(wanted)
        bearing = sorted([one for one in bearing if not one.in_trash] or bearing, key=lambda one: one.age)
        ours = sorted(
            (one for one in bearing if self._rows.author is None or one.created_by == self._rows.author),
            key=lambda one: (not self._is_edited(one, base), one.age),
        )
        chosen = row
        if row is None:
            chosen = next(iter(ours or bearing), None)
        elif row in ours and not row.in_trash:
            chosen = ours[0]
        elif any(not one.in_trash for one in ours) and (row.in_trash or self._gives_way(row, ours[0], base)):
            # A row that is there outdoes one in the trash: another machine made it, or gave up a duplicate. And ours
            # outdoes a copy, whose edits are carried on first.
            chosen = ours[0]
        elif row in bearing and not ours and not row.in_trash and not self._is_edited(row, base):
            # The oldest of people's copies, also where another machine remembers none of them.
            chosen = bearing[0]
        if chosen is None:
            return Match(None, replace(base, page_id=NO_PAGE), lost=lost)
        others = [one for one in ours if one is not chosen and not one.in_trash and not chosen.in_trash]
        others = [one for one in others if self._rows.is_ours(one)]
        # One with an edit counts itself once the edits of this one are carried on.
        seconds = tuple(one for one in others if self._is_edited(one, base))
        duplicates = tuple(one for one in others if one not in seconds)
        unknown = self._unknown(chosen, base)
        # What was agreed on holds for the page it was agreed on for.
        is_inherited = key != wanted.sync_key or chosen.page_id != base.page_id
        base = base.of_page(chosen.page_id)
        return Match(chosen, base, is_inherited, duplicates=duplicates, seconds=seconds, unknown=unknown)

    def _gives_way(self, row: Row, ours: Row, base: Base) -> bool:
        """Return whether a row of people's, which stood in for ours, has nothing to carry on and ours has."""
        is_peoples = self._rows.author not in (None, row.created_by)
        return is_peoples and self._is_edited(ours, base) and not self._is_edited(row, base)

    def _is_edited(self, row: Row, base: Base) -> bool:
        return self._rows.is_edited(row.values, self._unknown(row, base))

    def _unknown(self, row: Row, base: Base) -> frozenset[str]:
        """Return the empty properties for which there is no base of this page: emptied can't be told from lost.

        A column that was of another type for a while lost all values, as did a row that was out of the database: who
        has seen it has forgotten the base.
        """
        known = base.of_page(row.page_id).fields
        return frozenset(name for name in REMADE if name not in known and not row.values.get(name))

    def _bearing(self, wanted: Wanted) -> list[Row]:
        """Return the rows that bear the key; in a database without keys those of ours with the title."""
        if self._rows.key_property is not None:
            return self._by_key.get(wanted.sync_key, [])
        return [
            row
            for title in wanted.titles
            for row in self._by_title.get(title, ())
            # People may have given a row the name of another one.
            if self._rows.is_ours(row) and self._keys.get(row.page_id, wanted.sync_key) == wanted.sync_key
        ]

    def _row_of_page(self, page_id: str) -> tuple[Row | None, str | None]:
        """Return the row of a page that a base names, or why there is none any more."""
        if page_id == NO_PAGE:
            return None, None
        if page_id in self._by_page:
            return self._by_page[page_id], None
        return self._rows.unlisted(page_id)

    def of_title(self, wanted: Wanted) -> list[Row]:
        """Return the rows that may be taken for something by their title: those outside the trash, if there are any."""
        rows = [
            row
            for title in sorted(wanted.titles)
            for row in self._by_title.get(title, ())
            # A row with a key stands for something else, also for what isn't looked at now.
            if row.page_id not in self.taken and self._rows.key_of(row) is None
        ]
        return [row for row in rows if not row.in_trash] or rows

    def by_title(
        self, wanted: Wanted, match: Match, orphans: Mapping[str, Base], claims: Mapping[str, set[str]]
    ) -> Match:
        rows = self.of_title(wanted)
        candidates = [row for row in rows if not claims[row.page_id] - {wanted.sync_key}]
        if rows and not candidates:
            rivals = frozenset().union(*(claims[row.page_id] for row in rows)) - {wanted.sync_key}
            return replace(match, rivals=rivals)
        if all(row.in_trash for row in candidates):
            candidates = sorted(candidates, key=lambda row: row.age)[:1]
        if len(candidates) > 1:
            # Some may have come back without their values: those that are known to have stood for it go first.
            former = [row for row in candidates if row.page_id in match.base.former]
            others = [row for row in candidates if row.page_id not in self._keys]
            candidates = sorted(former, key=lambda row: row.age)[:1] or others
        if len(candidates) > 1:
            return replace(match, candidates=len(candidates))
        if not candidates:
            return match
        (row,) = candidates
        self.taken.add(row.page_id)
        # What may have been created is looked for here, too.
        orphan = orphans.get(row.page_id)
        base = Base(
            row.page_id,
            dict(orphan.fields) if orphan else {},
            match.base.pending or (orphan.pending if orphan else {}),
            match.base.pending_github or (orphan.pending_github if orphan else {}),
            dict(orphan.written) if orphan else {},
        )
        unknown = self._unknown(row, base)
        return replace(match, row=row, base=base, is_inherited=orphan is not None, lost=None, unknown=unknown)
