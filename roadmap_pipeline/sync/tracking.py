"""Tracking issues: one for each open milestone, whose label carries its status and whose text says how it stands.

Belongs here: which are made, edited and closed, and carrying that out. What they say is composed in
``tracking_sections``; how an issue is found and written is :mod:`roadmap_pipeline.github.tracking_issues`'.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.milestones import Milestone
from roadmap_pipeline.github.tracking_issues import (
    TrackingIssue,
    close_duplicate,
    create_tracking_issue,
    edit_tracking_issue,
    read_tracking_issue,
    set_status_label,
    single_line,
)
from roadmap_pipeline.sync.canonical import GITHUB_LABEL, STATUS, canonical_title
from roadmap_pipeline.sync.desired import REPORT_KEY, TrackingFacts
from roadmap_pipeline.sync.github_target import GitHubTarget
from roadmap_pipeline.sync.journal import RowValues
from roadmap_pipeline.sync.merge import Side
from roadmap_pipeline.sync.plan import Change, ChangedMeanwhile, FieldChange, Kind
from roadmap_pipeline.sync.roadmap import MergedMilestone, RoadmapPlan
from roadmap_pipeline.sync.shared_fields import Disagreement
from roadmap_pipeline.sync.tracking_sections import (
    ROW,
    choices_in,
    facts_in,
    links_in,
    report_in,
    says_completed,
    section_of,
    section_of_deleted,
)

LABEL = "label"
TEXT = "text"
STATE = "state"
NAME = "title"

_PREFIX = "Roadmap: "

KEEP_LABEL = object()

TRACKING_ISSUE = "tracking issue"
"""The field under which it is remembered that GitHub refused to write an issue."""


@dataclass(frozen=True, slots=True)
class TrackingWrite:
    """The data that applying a change of a tracking issue needs.

    Attributes:
        key: Sync key of the milestone's row.
        node_id: GitHub's id of the milestone.
        repo: Its repository.
        title: Title of the milestone, without a suffix.
        issue: The issue as it was observed; None where it is to be made.
        label: The status to label it with, or None for none; ``KEEP_LABEL`` leaves labels alone.
        status: What the text says of the status.
        target_date: What it says of the target date.
        disagreements: What it asks people.
        facts: What the tables state.
        page_id: Page of the row.
        is_closed: Whether it is to be closed or open; None: as it is.
        is_deleted: The milestone is gone.
        newest_known: The highest number of a tracking issue of the repository when it was planned.
        after: Changes without which it would not be true: it is left out where one of them wasn't carried out.
    """

    key: str
    node_id: str
    repo: str
    title: str
    issue: TrackingIssue | None
    label: Any
    status: str
    target_date: str | None
    disagreements: Sequence[Disagreement]
    facts: TrackingFacts | None
    page_id: str
    is_closed: bool | None = None
    is_deleted: bool = False
    newest_known: int = 0
    after: tuple[Change, ...] = ()
    present_links: Mapping[str, str] = field(default_factory=dict)
    """Addresses that the issue links to already, by sync key."""

    def section(self, urls: Mapping[str, str]) -> str:
        """Return the text that the issue should have; ``urls`` are addresses of rows by sync key."""
        if self.is_deleted:
            return section_of_deleted()
        urls = {**self.present_links, **urls}
        name = self.facts.report_name if self.facts else None
        report = (name, url) if name and (url := urls.get(REPORT_KEY + name)) else None
        body = self.facts.body if self.facts else None
        return section_of(self.status, self.target_date, urls.get(self.key), report, self.disagreements, body)


@dataclass(frozen=True, slots=True)
class _Duplicate:
    """A tracking issue of ours that is one too many."""

    issue: TrackingIssue
    kept: TrackingIssue


def choices(target: GitHubTarget) -> dict[str, Mapping[str, Side]]:
    """Return what people ticked in tracking issues, by sync key."""
    found: dict[str, Mapping[str, Side]] = {}
    for key, (milestone, _) in target.milestones().items():
        issue = target.issue(milestone)
        if issue is not None and issue.section is not None and issue.is_edited_by_others:
            found[key] = choices_in(issue.section)
    return found


def plan_tracking(
    target: GitHubTarget,
    roadmap: RoadmapPlan,
    facts: Mapping[tuple[str, int], TrackingFacts],
    refused: Mapping[str, Mapping[str, tuple[Any, str]]],
    report_urls: Mapping[str, str],
) -> list[Change]:
    """Return what makes the tracking issues say what they should.

    Args:
        target: GitHub as it is.
        roadmap: The milestones as both sides will have them.
        facts: What the tables state, by repository and number of the milestone.
        refused: What GitHub refused lately, by sync key; it isn't asked again yet.
        report_urls: Addresses of reports by sync key.
    """
    changes: list[Change] = []
    create = target.runtime.settings.configuration.tracking_issues.create
    # A milestone that GitHub didn't open or close has no label and no text that says so.
    of_state = {
        one.detail.entity.key: one
        for one in roadmap.edits
        if one.kind == "edit_milestone" and one.detail.field == STATUS
    }
    for merged in roadmap.milestones:
        milestone = merged.entity.milestone
        state = target.repositories.get(merged.entity.repo)
        if milestone is None or state is None or state.issues is None or state.is_archived:
            continue
        issue = target.issue(milestone)
        if (refusal := refused.get(merged.entity.key, {}).get(TRACKING_ISSUE)) is not None:
            roadmap.notes.append(
                f"{merged.title}: GitHub refused to write its tracking issue ({refusal[1]}); it is tried again in a day"
            )
            continue
        write = _wanted(merged, milestone, issue, facts.get((milestone.repo, milestone.number)))
        write = replace(write, after=tuple(filter(None, [of_state.get(merged.entity.key)])))
        urls = {**report_urls, **({merged.entity.key: merged.page_url} if merged.page_url else {})}
        if issue is not None:
            changes += _of_duplicates(target, merged, milestone, issue, roadmap)
        if issue is None:
            is_needed = write.label is not KEEP_LABEL or bool(merged.merge.disagreements)
            if write.status != "Completed" and (create == "always" or (create == "when_needed" and is_needed)):
                write = replace(write, newest_known=max((one.number for one in state.issues), default=0))
                changes.append(_change("create_tracking_issue", merged.title, write, urls))
        elif issue.section is not None or write.status != "Completed":
            change = _change("edit_tracking_issue", merged.title, write, urls)
            if change.fields:
                changes.append(change)
    changes += _of_deleted(target, roadmap)
    return changes


def _present_links(merged: MergedMilestone, issue: TrackingIssue | None) -> dict[str, str]:
    """Return the addresses in Notion that an issue links to already, by sync key.

    That of the row counts only where Notion can't be asked; a report may lie in the trash for a while.
    """
    if issue is None or issue.section is None:
        return {}
    links = links_in(issue.section)
    row = links.pop(ROW, None)
    rows = {merged.entity.key: row} if row is not None and merged.is_github_alone else {}
    return {**rows, **{REPORT_KEY + name: url for name, url in links.items()}}


def _of_duplicates(
    target: GitHubTarget, merged: MergedMilestone, milestone: Milestone, kept: TrackingIssue, roadmap: RoadmapPlan
) -> Iterator[Change]:
    for issue in target.duplicates(milestone):
        title = f"{merged.title} ({milestone.repo}#{issue.number})"
        fields = (FieldChange(STATE, "open", f"closed as a duplicate of #{kept.number}"),)
        yield Change("github", "close_duplicate_issue", milestone.repo, title, fields, _Duplicate(issue, kept))
        roadmap.notes.append(f"{merged.title} had two tracking issues, made by two runs at once: #{kept.number} stays")


def _wanted(
    merged: MergedMilestone, milestone: Milestone, issue: TrackingIssue | None, facts: TrackingFacts | None
) -> TrackingWrite:
    label: Any = KEEP_LABEL
    if STATUS in merged.merge.to_github and merged.merge.to_github[STATUS] != "Completed":
        label = merged.merge.to_github[STATUS]
    if facts is None and issue is not None and issue.section is not None:
        facts = TrackingFacts(facts_in(issue.section) or "", report_in(issue.section))
    is_ours = issue is not None and issue.key is not None and not _is_peoples(issue)
    is_done = merged.status == "Completed"
    is_closed = None
    if issue is not None and is_ours:
        # An issue that people closed stays closed; one that was closed with its milestone is opened with it.
        is_decided = not any(one.field == STATUS for one in merged.merge.disagreements)
        is_closed = True if is_done and is_decided and not issue.is_closed else None
        if not is_done and issue.is_closed and says_completed(issue.section):
            is_closed = False
    return TrackingWrite(
        merged.entity.key,
        milestone.node_id,
        milestone.repo,
        # On GitHub the repository is plain to see.
        canonical_title(merged.title, milestone.repo) or merged.title,
        issue,
        label,
        merged.status,
        merged.target_date,
        tuple(merged.merge.disagreements),
        facts,
        merged.page_id,
        is_closed,
        present_links=_present_links(merged, issue),
    )


def _is_peoples(issue: TrackingIssue) -> bool:
    """Return whether people made the issue: it is in the milestone, where ours never is."""
    return issue.milestone_number is not None


def _change(kind: Kind, title: str, write: TrackingWrite, urls: Mapping[str, str]) -> Change:
    issue = write.issue
    fields = []
    labelled = issue.status if issue else None
    if write.label is not KEEP_LABEL and (issue is None or write.label != labelled):
        fields.append(FieldChange(LABEL, labelled, write.label))
    section = write.section(urls)
    if issue is None or not issue.says(section):
        fields.append(FieldChange(TEXT, issue.section if issue else None, section))
    name = _name(write.title)
    if issue is not None and issue.title.startswith(_PREFIX) and not _is_peoples(issue) and issue.title != name:
        fields.append(FieldChange(NAME, issue.title, name))
    if issue is not None and write.is_closed is not None:
        fields.append(
            FieldChange(STATE, "closed" if issue.is_closed else "open", "closed" if write.is_closed else "open")
        )
    return Change("github", kind, write.repo, title, tuple(fields), write)


def _name(title: str) -> str:
    return single_line(f"{_PREFIX}{title}")


def _of_deleted(target: GitHubTarget, roadmap: RoadmapPlan) -> Iterator[Change]:
    for entity in roadmap.gone:
        if entity.repo not in target.repositories:
            continue
        node_id = entity.key.partition(":")[2]
        for issue in target.orphaned_issues(entity.repo, node_id):
            write = TrackingWrite(
                entity.key, node_id, entity.repo, entity.title, issue, KEEP_LABEL, "", None, (), None, "", True, True
            )
            yield _change("edit_tracking_issue", entity.title, write, {})


def announced_label(change: Change) -> RowValues | None:
    """Return what is agreed on once a change is carried out; None where it carries no status or has no row yet."""
    if change.kind == "close_duplicate_issue":
        return None
    write: TrackingWrite = change.detail
    if write.label is KEEP_LABEL or not write.page_id:
        return None
    # Without a label the row shows what GitHub derives, as its own write notes.
    status = {} if write.label is None else {STATUS: write.label}
    return RowValues(write.key, write.page_id, {GITHUB_LABEL: write.label, **status}, side="github")


def apply_tracking(client: GitHubClient, change: Change, row_urls: Mapping[str, str]) -> RowValues | None:
    """Carry out one change of a tracking issue; return what is agreed on from then on.

    Args:
        client: The client to write with.
        change: The change.
        row_urls: Addresses of rows by sync key: those made since the plan have one now.

    Raises:
        ChangedMeanwhile: Somebody edited the issue since the plan was made.
        TrackingIssueRefused: GitHub takes no issue here.
    """
    if change.kind == "close_duplicate_issue":
        duplicate: _Duplicate = change.detail
        close_duplicate(client, duplicate.issue, duplicate.kept)
        return None
    write: TrackingWrite = change.detail
    section = write.section(row_urls)
    if write.issue is None:
        labels = [] if write.label in (KEEP_LABEL, None) else [write.label]
        issue = create_tracking_issue(
            client,
            write.repo,
            key=write.node_id,
            title=_name(write.title),
            section=section,
            newest_known=write.newest_known,
        )
        if labels:
            set_status_label(client, issue, write.label)
        return announced_label(change)
    issue = _look_again(client, write.issue)
    if write.label is not KEEP_LABEL:
        issue = set_status_label(client, issue, write.label)
    edits = {field.field for field in change.fields}
    if edits & {TEXT, STATE, NAME}:
        name = _name(write.title) if NAME in edits else None
        edit_tracking_issue(client, issue, title=name, section=section, is_closed=write.is_closed, key=write.node_id)
    return announced_label(change)


def _look_again(client: GitHubClient, issue: TrackingIssue) -> TrackingIssue:
    current = read_tracking_issue(client, issue.repo, issue.number)
    if current is None:
        raise ChangedMeanwhile(f"{issue.repo}#{issue.number} was deleted on GitHub meanwhile")
    if current.status != issue.status or current.body != issue.body or current.is_closed != issue.is_closed:
        raise ChangedMeanwhile(f"{issue.repo}#{issue.number} was edited on GitHub while the plan was carried out")
    return current
