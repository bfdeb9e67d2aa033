"""The plan of the roadmap: what to write to each milestone's row, what of it to GitHub, and what to ask people.

Belongs here: putting together match, merge and state of each row to changes. Pure functions; reading is done before,
writing by ``notion_rows`` and ``milestone_edits``, tracking issues follow in ``tracking``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from roadmap_pipeline.notion.ids import stable_url
from roadmap_pipeline.notion.layout import ENGINEERING_ROADMAP, LAST_SYNCED, SYNC_BASE, SYNC_KEY, SYNC_NOTE, SYNC_STATE
from roadmap_pipeline.notion.rows import Row, same
from roadmap_pipeline.sync.agreement import agreement_on, is_agreement, says_the_same, without_lost_values
from roadmap_pipeline.sync.canonical import (
    STATUS,
    TARGET_DATE,
    TITLE,
    canonical_title,
    displayed_titles,
)
from roadmap_pipeline.sync.desired import COMPUTED_COLUMNS, NOTES, PROGRESS
from roadmap_pipeline.sync.guard import MassChange, loss, too_many
from roadmap_pipeline.sync.journal import Base, RowValues
from roadmap_pipeline.sync.merge import NO_BASE, Owner, Side, merge_owned
from roadmap_pipeline.sync.milestone_edits import edits_of
from roadmap_pipeline.sync.notion_rows import BODY, RowWrite, body_change, is_as_written, row_change
from roadmap_pipeline.sync.plan import Change, Conflict, FieldChange
from roadmap_pipeline.sync.roadmap_entities import Entity, KnownRow, as_agreed, names_of
from roadmap_pipeline.sync.row_matching import Match, Rows, Wanted, match_rows
from roadmap_pipeline.sync.row_state import CHOICES, RowState, SyncState, deleted, state_of
from roadmap_pipeline.sync.shared_fields import Disagreement, GitHubMilestone, SharedMerge, merge_shared_fields

PLACE = ENGINEERING_ROADMAP.title

_TAKEN = "another milestone of the repository has this title"

_OWNERS: Mapping[str, Owner] = {name: "people" if name == NOTES else "pipeline" for name in COMPUTED_COLUMNS}


@dataclass(frozen=True, slots=True)
class Context:
    """The data that the plan depends on beside both sides.

    Attributes:
        bases: What was agreed on, by sync key.
        known: The rows that the sync before knew.
        conflicts: Fields that were in conflict then, by sync key, with GitHub's and Notion's value: only between those
            a person can have chosen.
        choices: What people chose in tracking issues, by sync key and field.
        refused: Values that GitHub refused lately, by sync key and field, each with the reason.
        now: The time of writing.
        read_page: Reads the text of a row's page.
        restore: Titles of rows to take out of the trash.
        allow_mass_change: Whether any number of rows may lose something.
        is_github_asked: GitHub was asked, so that milestones are as stored only where it didn't answer this time.
        is_selected: Whether a milestone is asked for.
    """

    bases: Mapping[str, Base]
    known: Mapping[str, KnownRow]
    conflicts: Mapping[str, Mapping[str, tuple[Any, Any]]]
    choices: Mapping[str, Mapping[str, Side]]
    refused: Mapping[str, Mapping[str, tuple[Any, str]]]
    now: datetime
    read_page: Callable[[str], str]
    restore: frozenset[str] = frozenset()
    allow_mass_change: bool = False
    is_github_asked: bool = True
    is_selected: Callable[[Entity], bool] = lambda _entity: True


@dataclass(frozen=True, slots=True)
class MergedMilestone:
    """A milestone as both sides will have it: what its tracking issue is made from."""

    entity: Entity
    merge: SharedMerge
    title: str
    target_date: str | None
    status: str
    page_id: str
    page_url: str | None
    stated_agreement: str | None = None
    """The agreement that the row states once it is written."""
    is_github_alone: bool = False
    """True where Notion can't be asked: what links there stays."""


@dataclass(slots=True)
class RoadmapPlan:
    """The changes of the roadmap, by the part that carries them out, and all that goes with them."""

    edits: list[Change] = field(default_factory=list)
    rows: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    agreed: list[RowValues] = field(default_factory=list)
    states: list[RowState] = field(default_factory=list)
    milestones: list[MergedMilestone] = field(default_factory=list)
    gone: list[Entity] = field(default_factory=list)
    mass_changes: Sequence[MassChange] = ()
    restored: set[str] = field(default_factory=set)


def plan_roadmap(entities: Sequence[Entity], rows: Rows, context: Context) -> RoadmapPlan:
    """Return what brings rows and milestones in step."""
    wanted = [
        Wanted(
            one.key,
            frozenset(filter(None, (title, f"{title} · {one.repo}"))),
            one.former_keys,
            is_gone=one.github is None,
        )
        for one in entities
        if (title := canonical_title(one.title)) or True
    ]
    matches = {
        key: match if match.row is None else replace(match, base=without_lost_values(match.base, match.row.values))
        for key, match in match_rows(wanted, rows, context.bases).items()
    }
    if context.is_github_asked:
        entities = [as_agreed(one, matches[one.key].base) for one in entities]
    planner = _Planner(context, rows)
    planner.merge(entities, matches)
    for entity in entities:
        planner.add(entity, matches[entity.key])
    if not context.allow_mass_change:
        planner.plan.mass_changes = too_many(planner.losses, sum(match.row is not None for match in matches.values()))
    return planner.plan


class _Planner:
    """The plan as it grows, milestone by milestone."""

    def __init__(self, context: Context, rows: Rows) -> None:
        self._context = context
        self._rows = rows
        self._merges: dict[str, SharedMerge] = {}
        self._titles: dict[str, str] = {}
        self._trashed: set[str] = set()
        self.plan = RoadmapPlan()
        self.losses: list[MassChange] = []

    def merge(self, entities: Sequence[Entity], matches: Mapping[str, Match]) -> None:
        """Merge the shared fields of all, from which follow the titles that tell rows of one name apart."""
        titles = {}
        trashed = [one for one in entities if (row := matches[one.key].row) is not None and row.in_trash]
        self._trashed.update(*map(names_of, trashed))
        for entity in entities:
            if entity.github is None:
                continue
            match = matches[entity.key]
            merge = SharedMerge()
            if match.row is not None and not (match.row.in_trash and not self._restored_as(entity, match.row)):
                merge = merge_shared_fields(
                    entity.github,
                    match.row.values,
                    match.base,
                    choice=self._choice(entity, entity.github, match),
                    refused=self._context.refused.get(entity.key),
                    unknown=match.unknown,
                    columns=self._rows.columns,
                    is_agreement_its_own=self._is_agreement_its_own(match.row, match.base),
                )
            self._refuse_taken_title(entity, entity.github, merge, entities)
            self._merges[entity.key] = merge
            title = merge.to_github.get(TITLE) or canonical_title(entity.github.title) or entity.github.title
            titles[entity.key] = (entity.repo, title)
        self._titles = displayed_titles(titles)

    def _is_agreement_its_own(self, row: Row, base: Base) -> bool:
        """Return whether what a row says was agreed on is of the milestone that it stands for.

        Of a row without key only what this warehouse wrote there is known to be: people may have made it of another
        milestone's row, by copying that.
        """
        text = row.values.get(SYNC_BASE)
        return self._rows.key_of(row) is not None or text in (base.fields.get(SYNC_BASE), base.pending.get(SYNC_BASE))

    def _refuse_taken_title(
        self, entity: Entity, github: GitHubMilestone, merge: SharedMerge, entities: Sequence[Entity]
    ) -> None:
        """Hold back a title that another milestone of the repository has, or gets in this run.

        In a conflict it can't be chosen either: who knows no base comes to the same as who does.
        """
        conflict = next((one for one in merge.disagreements if one.field == TITLE and one.reason is None), None)
        wanted = merge.to_github.get(TITLE) if conflict is None else conflict.notion
        if wanted is None:
            return
        others = [one for one in entities if one.repo == entity.repo and one.key != entity.key and one.github]
        titles = {canonical_title(one.title) for one in others}
        titles |= {self._merges[one.key].to_github.get(TITLE) for one in others if one.key in self._merges}
        if wanted in titles:
            merge.to_github.pop(TITLE, None)
            ours = canonical_title(github.title)
            merge.disagreements = [one for one in merge.disagreements if one is not conflict]
            merge.disagreements.append(Disagreement(TITLE, ours, wanted, reason=_TAKEN))

    def _choice(self, entity: Entity, github: GitHubMilestone, match: Match) -> Mapping[str, Side]:
        """Return the side that a person chose, by field; only where there was a conflict.

        Who chose knew the values that were told. One that gives way must still be that: what somebody put there since
        is nobody's choice to overwrite.
        """
        told = self._context.conflicts.get(entity.key)
        if not told or match.row is None:
            return {}
        state = match.row.values.get(SYNC_STATE)
        chosen: Mapping[str, Side] = self._context.choices.get(entity.key, {})
        if isinstance(state, str) and state in CHOICES and state != match.base.fields.get(SYNC_STATE):
            chosen = dict.fromkeys(told, CHOICES[state])
        ours = github.values()
        theirs = {**match.row.values, TITLE: canonical_title(str(match.row.values.get(TITLE) or ""), entity.repo)}
        return {
            name: side
            for name, side in chosen.items()
            if name in told and (theirs.get(name) == told[name][1] if side == "github" else ours[name] == told[name][0])
        }

    def _restored_as(self, entity: Entity, row: Row) -> frozenset[str]:
        """Return the names given that mean a row in the trash: a milestone's title goes before what a row is called."""
        return (names_of(entity) | names_of(entity, _shown_title(row)) - self._trashed) & self._context.restore

    def add(self, entity: Entity, match: Match) -> None:
        """Plan one milestone's row, and what of it goes to GitHub."""
        if not self._context.is_selected(entity):
            return
        if self._context.is_github_asked and entity.is_stored and match.row is not None and not match.base.fields:
            return  # Nobody knows which of both is older: the next sync that GitHub answers does.
        if match.candidates:
            self.plan.conflicts.append(Conflict(PLACE, entity.title, TITLE, "one row", f"{match.candidates} rows"))
            return
        if entity.github is None:
            self._add_deleted(entity, match)
        elif match.row is None:
            self._add_new(entity, entity.github, match)
        elif match.row.in_trash and not self._restored_as(entity, match.row):
            self._add_trashed(entity, match.row)
        else:
            self._add_existing(entity, entity.github, match, match.row)

    def _add_trashed(self, entity: Entity, row: Row) -> None:
        title = self._titles[entity.key]
        known = self._context.known.get(entity.key)
        if known is not None and not known.is_trashed:
            self.losses.append(MassChange(title, "row put in the trash"))
        self.plan.notes.append(
            f"{title}: its row is in Notion's trash and stays there; restore it in Notion, or with"
            f" `roadmap sync --restore {title!r}`"
        )
        note = "A person put the row in Notion's trash."
        self.plan.states.append(self._state(entity, row, title, "In step", note, is_trashed=True))

    def _add_deleted(self, entity: Entity, match: Match) -> None:
        self.plan.gone.append(entity)
        row = match.row
        if row is None or row.in_trash:
            return
        title = str(row.values.get(TITLE) or entity.title)
        state, note = deleted()
        fields = self._own_fields(entity.key, row, match.base, state, note)
        self._write(entity, match, row, fields, {})
        self.plan.notes.append(f"{title}: the milestone was deleted on GitHub; its row stays and says so")
        self.plan.states.append(self._state(entity, row, title, state, note))
        for second in match.seconds:
            base = Base(second.page_id)
            fields = self._own_fields(entity.key, second, base, state, note)
            self._write(entity, replace(match, base=base), second, fields, {})
        self._give_up_duplicates(entity, match, title)

    def _add_new(self, entity: Entity, github: GitHubMilestone, match: Match) -> None:
        title = self._titles[entity.key]
        if match.lost:
            where = "was deleted in Notion for good" if match.lost == "deleted" else "was moved out of the database"
            self.plan.notes.append(f"{title}: its row {where}; it gets a new one")
        if match.rivals:
            self.plan.notes.append(
                f"{title}: a row called {canonical_title(entity.title)!r} stays as it is, since it doesn't say which"
                f" repository's milestone is meant; {title!r} gets a row of its own"
            )
        desired = entity.desired
        computed: dict[str, Any] = dict(desired.computed) if desired else {PROGRESS: 0.0}
        if github.status.is_closed:
            computed[NOTES] = None
        values: dict[str, Any] = {
            **computed,
            **github.values(),
            TITLE: title,
            SYNC_KEY: entity.key,
            SYNC_STATE: "In step",
            SYNC_NOTE: None,
            SYNC_BASE: agreement_on(None, github.values(), github.status),
            LAST_SYNCED: self._context.now,
        }
        write = RowWrite(
            entity.key, title, values, repo=entity.repo, facts=github.facts(), body=desired.page if desired else None
        )
        self.plan.rows.append(row_change("create_row", PLACE, write, None))
        self._add_merged(entity, github, SharedMerge(), None, title)
        self.plan.states.append(RowState(entity.key, entity.repo, entity.number, title, "", "", "In step"))

    def _add_existing(self, entity: Entity, github: GitHubMilestone, match: Match, row: Row) -> None:
        merge, title = self._merges[entity.key], self._titles[entity.key]
        if row.in_trash:
            self.plan.restored |= self._restored_as(entity, row)
        state, note = state_of(merge)
        agreed = dict(merge.agreed)
        fields = self._computed_fields(entity, github, row, match.base, merge, agreed)
        for name in (TARGET_DATE, STATUS):
            if name in merge.to_notion:
                fields.append(FieldChange(name, row.values.get(name), merge.to_notion[name]))
        fields += self._title_field(row, match.base, merge, title, entity.repo)
        said = " ".join(filter(None, [note, *merge.notes])) or None
        fields += self._own_fields(entity.key, row, match.base, state, said)
        agreement = _agreement_field(merge, bool(fields))
        fields += agreement
        self.plan.agreed += match.agreed_on(entity.key, agreed, merge.forgotten)
        self._write(entity, match, row, fields, github.facts() if STATUS in merge.to_notion else {})
        self.plan.edits += edits_of(entity, github, merge, title, row.page_id)
        self._tell(entity, github, merge, row, title)
        self._add_merged(entity, github, merge, row, title, bool(agreement))
        shown = (_shown_title(row) if merge.keeps_title else "") or title
        self.plan.states.append(self._state(entity, row, shown, state, note, disagreements=tuple(merge.disagreements)))
        self._give_up_duplicates(entity, match, title)
        if match.seconds:
            self.plan.notes.append(
                f"{title} has two rows that people edited: the second one is looked at once nothing is left to carry on"
                " or to decide in the first"
            )

    def _give_up_duplicates(self, entity: Entity, match: Match, title: str) -> None:
        for duplicate in match.duplicates:
            write = RowWrite(entity.key, title, {}, page_id=duplicate.page_id, repo=entity.repo)
            self.plan.rows.append(row_change("trash_duplicate", PLACE, write, duplicate))
            self.plan.notes.append(f"{title} had two rows: the one that people edited, else the older one, stays")

    def _tell(self, entity: Entity, github: GitHubMilestone, merge: SharedMerge, row: Row, title: str) -> None:
        """Note what people should know, and count what would be lost."""
        for one in merge.disagreements:
            self.plan.conflicts.append(Conflict(PLACE, title, one.field, one.github, one.notion, one.reason))
        self.plan.notes += [f"{title}: {note}" for note in merge.notes]
        self.plan.notes += [
            f"{title}: {name} was set to {row.values.get(name)!r} in Notion and stays there ({why})"
            for name, why in merge.stays.items()
        ]
        ours = github.values()
        theirs = {**row.values, TITLE: canonical_title(str(row.values.get(TITLE) or ""), entity.repo)}
        before = str(theirs[TITLE] or title)
        changes = [loss(before, name, theirs.get(name), value) for name, value in merge.to_notion.items()]
        changes += [loss(ours[TITLE] or title, name, ours[name], value) for name, value in merge.to_github.items()]
        self.losses += [change for change in changes if change is not None]

    def _add_merged(
        self,
        entity: Entity,
        github: GitHubMilestone,
        merge: SharedMerge,
        row: Row | None,
        title: str,
        is_agreement_written: bool = False,
    ) -> None:
        values = {**github.values(), **{name: value for name, value in merge.to_github.items() if value is not None}}
        if TARGET_DATE in merge.to_github:
            values[TARGET_DATE] = merge.to_github[TARGET_DATE]
        values[STATUS] = _status_of(github, merge)
        self.plan.milestones.append(
            MergedMilestone(
                entity,
                merge,
                title,
                values[TARGET_DATE],
                values[STATUS],
                row.page_id if row else "",
                stable_url(row.url) if row else None,
                merge.agreement if is_agreement_written else merge.agreement_before,
            )
        )

    def _computed_fields(
        self,
        entity: Entity,
        github: GitHubMilestone,
        row: Row,
        base: Base,
        merge: SharedMerge,
        agreed: dict[str, Any],
    ) -> list[FieldChange]:
        """Return the computed fields to write; note in ``agreed`` what both sides hold."""
        if entity.desired is None:
            return []
        computed = dict(entity.desired.computed)
        if _status_of(github, merge) == "Completed":
            computed[NOTES] = None  # Nothing is left to recommend for a milestone that is done.
        fields = []
        for name, ours in computed.items():
            theirs = row.values.get(name)
            if same(ours, theirs):
                # Notion may return another spelling (composition, line ends) of what was written.
                theirs = ours
            before = base.fields.get(name, NO_BASE)
            if name in base.pending and base.pending[name] == theirs != before:
                # Our own write, which arrived although its run didn't live to read it back.
                before = agreed[name] = theirs
            decision = merge_owned(_OWNERS[name], before, ours, theirs)
            if decision.outcome == "agree" and before != ours:
                agreed[name] = ours
            elif decision.outcome == "to_notion" and not is_as_written(base, name, ours, theirs):
                fields.append(FieldChange(name, theirs, ours))
            elif decision.outcome == "stays" and before is NO_BASE:
                agreed[name] = ours  # So that it is theirs from now on, also once they empty it.
        return fields

    def _title_field(self, row: Row, base: Base, merge: SharedMerge, title: str, repo: str) -> list[FieldChange]:
        if merge.keeps_title:
            return []
        shown = row.values.get(TITLE)
        text = str(shown or "")
        if canonical_title(text) == title or is_as_written(base, TITLE, title, canonical_title(text, repo)):
            return []
        return [FieldChange(TITLE, shown, title)]

    def _own_fields(self, key: str, row: Row, base: Base, state: str, note: str | None) -> list[FieldChange]:
        """Return the sync's own fields that have to be written."""
        said = str(row.values.get(SYNC_NOTE) or "")
        is_in_step = note is None and state == "In step"
        is_told_beside = note is not None and said.startswith(f"{note} {STATUS} was ")
        if state == row.values.get(SYNC_STATE) and (is_in_step or is_told_beside):
            note = said or None  # What was last said of it stays; of disputes only those that stand.
        wanted = {SYNC_KEY: key, SYNC_STATE: state, SYNC_NOTE: note}
        return [
            FieldChange(name, row.values.get(name), value)
            for name, value in wanted.items()
            if not same(row.values.get(name), value) and not is_as_written(base, name, value, row.values.get(name))
        ]

    def _write(
        self, entity: Entity, match: Match, row: Row, fields: list[FieldChange], facts: Mapping[str, Any]
    ) -> None:
        """Plan the write of a row, where there is anything to write."""
        page = entity.desired.page if entity.desired and entity.github else None
        known: dict[str, Any] = {}
        body = body_change(match.base, page, lambda: self._context.read_page(row.page_id), known)
        if known:
            self.plan.agreed.append(RowValues(entity.key, row.page_id, known))
        if body is not None:
            fields = [*fields, FieldChange(BODY, None, body)]
        if not fields and not row.in_trash:
            return
        values = {change.field: change.after for change in fields if change.field != BODY}
        if values:
            values[LAST_SYNCED] = self._context.now
        write = RowWrite(
            entity.key,
            self._titles.get(entity.key, entity.title),
            values,
            page_id=row.page_id,
            repo=entity.repo,
            observed={change.field: change.before for change in fields if change.field != BODY},
            facts=facts,
            body=body,
            base=match.base,
            restore=row.in_trash,
        )
        kind = "update_row" if values.keys() - {SYNC_BASE, LAST_SYNCED} or body is not None else "note_agreement"
        kind = "restore_row" if row.in_trash else kind
        self.plan.rows.append(row_change(kind, PLACE, write, row))  # type: ignore[arg-type]

    def _state(self, entity: Entity, row: Row, title: str, state: SyncState, note: str | None, **more: Any) -> RowState:
        return RowState(
            entity.key, entity.repo, entity.number, title, row.page_id, stable_url(row.url), state, note, **more
        )


def _shown_title(row: Row | None) -> str:
    return "" if row is None else str(row.values.get(TITLE) or "")


def _agreement_field(merge: SharedMerge, is_written_anyway: bool) -> list[FieldChange]:
    """Return the change of what the row says was agreed on.

    A row that says nothing of it yet, or not of which columns, is not written for this alone: after an update all rows
    would be.
    """
    before, after = merge.agreement_before, merge.agreement
    is_news = is_agreement(before) and not says_the_same(before, after)
    return [FieldChange(SYNC_BASE, before, after)] if after != before and (is_written_anyway or is_news) else []


def _status_of(github: GitHubMilestone, merge: SharedMerge) -> str:
    """Return the status that GitHub will have."""
    return (merge.to_github[STATUS] or github.status.derived) if STATUS in merge.to_github else github.status.shown
