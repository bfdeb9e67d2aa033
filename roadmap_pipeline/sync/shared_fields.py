"""The shared fields of one milestone: title, target date and status, merged from both sides and what they agreed on.

Belongs here: which side takes which value, and what people have to be told. Pure functions; reading both sides and
writing to them is done elsewhere.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from roadmap_pipeline.notion.layout import SYNC_BASE
from roadmap_pipeline.sync.agreement import OTHER, agreement_on, apply_agreement, title_before_copying
from roadmap_pipeline.sync.canonical import (
    GITHUB_CLOSED,
    GITHUB_LABEL,
    GITHUB_UPDATED,
    SHARED,
    STATUS,
    STATUSES,
    TARGET_DATE,
    TITLE,
    canonical_title,
)
from roadmap_pipeline.sync.journal import Base
from roadmap_pipeline.sync.merge import NO_BASE, Decision, GitHubStatus, Side, merge_shared, merge_status

LONGEST_TITLE = 255
"""Characters that GitHub takes in a milestone's title."""

_KNOWN = frozenset(STATUSES)


@dataclass(frozen=True, slots=True)
class GitHubMilestone:
    """A milestone as GitHub has it now; ``is_fresh`` is False where that is only what was stored, and can't be written.

    ``target_date`` is an ISO day. ``carries_status``: there is, or may be made, a tracking issue for the label.
    ``updated_at`` is when it was last changed, as GitHub writes it.
    """

    key: str
    repo: str
    number: int
    title: str
    target_date: str | None
    status: GitHubStatus
    is_fresh: bool = True
    carries_status: bool = True
    updated_at: str = ""

    def values(self) -> dict[str, Any]:
        """Return the shared fields in canonical form, as the row shows them."""
        title = canonical_title(self.title)
        return {TITLE: title, TARGET_DATE: self.target_date, STATUS: self.status.shown}

    def facts(self) -> dict[str, Any]:
        """Return what GitHub alone says of the status, for the base."""
        return {GITHUB_CLOSED: self.status.is_closed, GITHUB_LABEL: self.status.label}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A field that people have to decide. ``reason`` is set where GitHub refuses Notion's value (quarantine)."""

    field: str
    github: Any
    notion: Any
    base: Any = NO_BASE
    reason: str | None = None


@dataclass(slots=True)
class SharedMerge:
    """The outcome of merging one milestone's shared fields.

    Attributes:
        to_notion: Values to write to the row, canonical.
        to_github: Values to write to GitHub, canonical.
        agreed: Fields of the base that may advance without a write.
        forgotten: Fields of the base of which nobody knows any more what was agreed on.
        disagreements: Fields that nobody may write before people have decided.
        stays: Fields whose value stays in Notion since GitHub has no place for it, and why.
        notes: Sentences on what was decided for people.
        agreement_before: What the row says was agreed on, as digests.
        agreement: What it should say once it is written.
        columns: Ids of the database's properties, by name.
    """

    to_notion: dict[str, Any] = field(default_factory=dict)
    to_github: dict[str, Any] = field(default_factory=dict)
    agreed: dict[str, Any] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    disagreements: list[Disagreement] = field(default_factory=list)
    stays: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    agreement_before: str | None = None
    agreement: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps_title(self) -> bool:
        """True where the row's title stays as it is: people are to decide, or it waits for GitHub."""
        return TITLE in self.stays or any(one.field == TITLE for one in self.disagreements)


def merge_shared_fields(
    github: GitHubMilestone,
    notion: Mapping[str, Any],
    base: Base,
    *,
    choice: Mapping[str, Side] | Side | None = None,
    refused: Mapping[str, tuple[Any, str]] | None = None,
    unknown: Collection[str] = (),
    columns: Mapping[str, str] = MappingProxyType({}),
    is_agreement_its_own: bool = True,
) -> SharedMerge:
    """Merge title, target date and status of a milestone that has a row.

    Args:
        github: The milestone as it is on GitHub.
        notion: The row's values by property.
        base: What both sides last agreed on. What a run had written without living to read it back counts as agreed.
        choice: The side that a person chose for fields in conflict; for all or by field.
        refused: By field the value that GitHub refused lately, and why; it isn't asked again.
        unknown: Properties of which nobody can tell whether people emptied them.
        columns: Ids of the database's properties, by name.
        is_agreement_its_own: What the row says was agreed on was agreed on for this milestone.
    """
    merge = SharedMerge(columns=columns)
    ours = github.values()
    # A page that no base is of may be a copy, which stands in for the row that was copied.
    may_be_copy = not base.fields
    theirs = {
        TITLE: title_before_copying(notion.get(SYNC_BASE) if may_be_copy else None, notion.get(TITLE), github.repo),
        TARGET_DATE: notion.get(TARGET_DATE),
        STATUS: notion.get(STATUS),
    }
    chosen: Mapping[str, Side] = choice if isinstance(choice, Mapping) else {} if choice is None else _all(choice)
    merge.agreement_before = notion.get(SYNC_BASE)
    settled = _settled_base(base, github, ours, theirs, merge)
    # Nor does the row's own agreement count for what may have been taken back; "github" is its part of GitHub's status.
    unknown = {*unknown, *merge.forgotten, *(["github"] if GITHUB_CLOSED in merge.forgotten else [])}
    merge.agreement = merge.agreement_before if is_agreement_its_own else None
    before, noted = apply_agreement(base, settled, merge.agreement, github.status, ours, theirs, unknown, columns)
    merge.agreed |= noted
    for name in (TITLE, TARGET_DATE):
        decision = merge_shared(before.fields.get(name, NO_BASE), ours[name], theirs[name], chosen.get(name))
        _carry_out(merge, name, decision, ours[name], theirs[name], before, refused or {})
    decision = _decide_status(github, theirs, before, chosen.get(STATUS))
    _carry_out(merge, STATUS, decision, ours[STATUS], theirs[STATUS], before, refused or {})
    is_settled = decision.outcome == "agree" or (decision.outcome == "stays" and decision.note is None)
    if is_settled:
        _advance_status(merge, before, github)
    if STATUS in merge.to_github and merge.to_github[STATUS] is None:
        merge.to_notion[STATUS] = github.status.derived
    if not github.is_fresh and merge.to_github:
        for name, value in merge.to_github.items():
            merge.stays[name] = "it goes to GitHub once GitHub can be reached"
            merge.notes.append(f"{name} was set to {value!r} in Notion and waits until GitHub can be reached")
        merge.to_github.clear()
    if github.is_fresh:  # else nobody knows how GitHub stands now
        merge.agreement = _agreement(merge, github.status, ours, theirs[STATUS] if is_settled else None)
    return merge


def _decide_status(github: GitHubMilestone, theirs: Mapping[str, Any], before: Base, choice: Side | None) -> Decision:
    base = before.fields.get(STATUS, NO_BASE)
    decision = merge_status(base, _base_status(before), github.status, theirs[STATUS], known=_KNOWN, choice=choice)
    if decision.outcome == "to_github" and not github.carries_status and not _is_carried_by_state(github, theirs):
        return Decision("stays", "GitHub has no tracking issue to carry it")
    return decision


def agreement_once_taken(merge: SharedMerge, fields: Collection[str]) -> str:
    """Return what the row should say was agreed on, once GitHub took the values of ``fields`` from Notion."""
    values = {name: merge.to_github[name] for name in fields}
    status = None
    if STATUS in values:
        status = GitHubStatus(values[STATUS] == "Completed", values[STATUS])
        values[STATUS] = merge.to_notion.get(STATUS, values[STATUS])
    return agreement_on(merge.agreement, values, status, merge.columns)


def _agreement(
    merge: SharedMerge, status: GitHubStatus, ours: Mapping[str, Any], seen_status: str | None
) -> str | None:
    """Return what the row should say was agreed on, once it is written: nothing new of what is open.

    ``seen_status`` is Notion's, where it is agreed on, be it that GitHub has no place for it.
    """
    is_open = {*merge.to_github, *(one.field for one in merge.disagreements), *merge.stays}
    values = {name: ours[name] for name in SHARED if name not in is_open}
    if seen_status is not None:
        values[STATUS] = seen_status
    return agreement_on(merge.agreement, values, status if STATUS in values else None, merge.columns) or None


def _all(side: Side) -> dict[str, Side]:
    return dict.fromkeys(SHARED, side)


def _settled_base(
    base: Base, github: GitHubMilestone, ours: Mapping[str, Any], theirs: Mapping[str, Any], merge: SharedMerge
) -> Base:
    """Return the base with what had been on its way to a side and has arrived there; note it as agreed."""
    fields = dict(base.fields)
    on_github = {**ours, **github.facts()}
    sides: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...] = (
        (base.pending, theirs),
        (base.pending_github, on_github),
    )
    for pending, present in sides:
        for name, value in pending.items():
            if name in present and present[name] == value and fields.get(name, NO_BASE) != value:
                if name == STATUS and pending is base.pending_github and github.status.explicit != value:
                    continue
                fields[name] = merge.agreed[name] = value
    if _was_touched(base, github):
        merge.forgotten |= {
            name
            for name, value in base.pending_github.items()
            if on_github.get(name) == fields.get(name, NO_BASE) != value
        }
    return replace(base, fields={name: value for name, value in fields.items() if name not in merge.forgotten})


def _was_touched(base: Base, github: GitHubMilestone) -> bool:
    """Return whether a milestone changed since a run that was killed set out to write to it.

    Where it has its old value still, either nothing was written or somebody took it back.
    """
    seen = {base.pending_github.get(GITHUB_UPDATED), base.fields.get(GITHUB_UPDATED)}
    return GITHUB_UPDATED in base.pending_github and github.updated_at not in ("", *seen)


def _base_status(base: Base) -> GitHubStatus | None:
    if GITHUB_CLOSED not in base.fields:
        return None
    # One that nobody knows any more is none of those that GitHub has: least of all is it closed.
    is_closed = base.fields[GITHUB_CLOSED]
    return GitHubStatus(is_closed is not OTHER and bool(is_closed), base.fields.get(GITHUB_LABEL))


def _is_carried_by_state(github: GitHubMilestone, theirs: Mapping[str, Any]) -> bool:
    return bool(theirs[STATUS] == "Completed") and not github.status.is_closed


def _advance_status(merge: SharedMerge, base: Base, github: GitHubMilestone) -> None:
    for name, value in github.facts().items():
        if base.fields.get(name, NO_BASE) != value:
            merge.agreed[name] = value


def _carry_out(
    merge: SharedMerge,
    name: str,
    decision: Decision,
    ours: Any,
    theirs: Any,
    base: Base,
    refused: Mapping[str, tuple[Any, str]],
) -> None:
    before = base.fields.get(name, NO_BASE)
    if before is OTHER:
        before = NO_BASE
    if decision.note and decision.outcome != "stays":
        merge.notes.append(f"{name} {decision.note}")
    if decision.outcome == "agree":
        if before != ours:
            merge.agreed[name] = ours
    elif decision.outcome == "to_notion":
        merge.to_notion[name] = ours
    elif decision.outcome == "to_github":
        reason = _refusal(name, theirs, refused)
        if reason is None:
            merge.to_github[name] = theirs
        else:
            merge.disagreements.append(Disagreement(name, ours, theirs, before, reason))
    elif decision.outcome == "stays":
        merge.stays[name] = decision.note or "GitHub has no such status"
        if decision.note is None and before != theirs:
            merge.agreed[name] = theirs
    else:
        # What GitHub never takes can't be chosen either; who knows no base comes to the same as who does.
        reason = _refusal(name, theirs, {})
        merge.disagreements.append(Disagreement(name, ours, theirs, before, reason))


def _refusal(name: str, value: Any, refused: Mapping[str, tuple[Any, str]]) -> str | None:
    """Return why GitHub won't take a value of Notion's, as far as that is known beforehand."""
    if name == TITLE and value is None:
        return "a milestone needs a title"
    if name == TITLE and len(value) > LONGEST_TITLE:
        return f"a milestone's title has at most {LONGEST_TITLE} characters"
    if name in refused and refused[name][0] == value:
        return refused[name][1]
    return None
