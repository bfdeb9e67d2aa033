"""Planning the roadmap on both sides: what is read of each, handed to the pure plan, and tracking issues after it.

Belongs here: the order in which things are looked at. What follows from them is decided in ``roadmap`` and
``tracking``.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.notion.rows import read_body
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.sync.canonical import TARGET_DATE, TITLE, canonical_title
from roadmap_pipeline.sync.desired import DesiredState
from roadmap_pipeline.sync.forgotten_milestones import find_forgotten
from roadmap_pipeline.sync.github_target import GitHubTarget
from roadmap_pipeline.sync.labelled_milestones import plan_labelled
from roadmap_pipeline.sync.memory import Memory
from roadmap_pipeline.sync.milestone_edits import NewMilestone
from roadmap_pipeline.sync.notion_target import NotionTarget
from roadmap_pipeline.sync.plan import Change, FieldChange
from roadmap_pipeline.sync.roadmap import Context, MergedMilestone, RoadmapPlan, plan_roadmap
from roadmap_pipeline.sync.roadmap_entities import Entity, gather, is_called
from roadmap_pipeline.sync.row_matching import Rows
from roadmap_pipeline.sync.shared_fields import SharedMerge
from roadmap_pipeline.sync.tracking import choices, plan_tracking


@dataclass(frozen=True, slots=True)
class Selection:
    """The limits of a sync: one milestone, rows to take out of the trash, any number of changes."""

    milestone: str | None = None
    restore: frozenset[str] = frozenset()
    allow_mass_change: bool = False

    @property
    def is_everything(self) -> bool:
        """True where all milestones are compared."""
        return self.milestone is None

    def includes(self, entity: Entity) -> bool:
        """Return whether a milestone is asked for."""
        return self.milestone is None or is_called(entity, self.milestone)


@dataclass(slots=True)
class BothSides:
    """The plan of the roadmap, and the tracking issues that follow from it."""

    roadmap: RoadmapPlan
    tracking: list[Change] = field(default_factory=list)


def plan_both_sides(
    runtime: Runtime,
    notion: NotionTarget | None,
    github: GitHubTarget | None,
    memory: Memory,
    desired: DesiredState,
    selection: Selection,
) -> BothSides:
    """Return what brings Notion's rows and GitHub's milestones in step.

    Raises:
        ConfigurationError: No milestone is called as ``selection`` says.
    """
    stored = notion.linked(desired.milestones) if notion is not None else list(desired.milestones)
    gathered = gather(
        stored,
        {} if github is None else github.milestones(),
        memory.known_rows(),
        read=() if github is None else github.repositories,
        unread={} if github is None else github.unread,
        is_asked=github is not None,
        is_gone=lambda repo, number: github is not None and github.is_gone(repo, number),
    )
    entities = gathered.entities
    _require_known(runtime, selection, entities)
    rows = None if notion is None else notion.roadmap_rows(entities)
    if rows is not None and github is not None and selection.is_everything:
        gathered.add(find_forgotten(rows, entities, github))
        entities = gathered.entities
    if notion is None or rows is None:
        roadmap = RoadmapPlan(milestones=_of_github(entities, selection))
        if notion is not None:
            roadmap.notes.append("Engineering Roadmap: its rows follow when its properties are added")
    else:
        context = Context(
            bases=notion.bases,
            known=memory.known_rows(),
            conflicts=memory.conflicts(),
            choices={} if github is None else choices(github),
            refused=memory.refused(),
            now=runtime.settings.now(),
            read_page=partial(read_body, runtime.notion),
            restore=selection.restore,
            allow_mass_change=selection.allow_mass_change,
            is_github_asked=github is not None,
            is_selected=selection.includes,
        )
        roadmap = plan_roadmap(entities, rows, context)
        if github is not None and runtime.settings.configuration.two_way.create_milestones and selection.is_everything:
            roadmap.edits += _new_milestones(github, rows, roadmap)
    if github is not None and selection.is_everything:
        _add_labelled(github, desired, roadmap, entities, selection)
    roadmap.notes[:0] = gathered.notes
    if github is not None:
        roadmap.notes += [f"{name}: its milestones can't be read ({why})" for name, why in github.unread.items()]
    urls = {} if notion is None else notion.report_urls
    tracking = [] if github is None else plan_tracking(github, roadmap, desired.tracking, memory.refused(), urls)
    return BothSides(roadmap, tracking)


def _require_known(runtime: Runtime, selection: Selection, entities: Sequence[Entity]) -> None:
    """Raise ConfigurationError, saying where the name was given and what was probably meant, for an unknown one."""
    wanted = selection.milestone
    if wanted is None or any(map(selection.includes, entities)):
        return
    names = [name for one in entities for name in (one.title, f"{one.title} · {one.repo}")]
    by_words = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(wanted.casefold(), by_words, n=1)
    where = "ROADMAP_MILESTONE" if wanted == runtime.settings.milestone else "--milestone"
    meant = f"did you mean {by_words[close[0]]!r}? " if close else ""
    raise ConfigurationError(
        f"{where}: no milestone is called {wanted!r}; {meant}`roadmap status` lists those that are known"
    )


def _of_github(entities: Sequence[Entity], selection: Selection) -> list[MergedMilestone]:
    """Return the milestones as GitHub alone has them, where there is no Notion to merge with."""
    return [
        MergedMilestone(
            one,
            SharedMerge(),
            one.title,
            one.github.target_date,
            one.github.status.shown,
            "",
            None,
            is_github_alone=True,
        )
        for one in entities
        if one.github is not None and selection.includes(one)
    ]


def _add_labelled(
    github: GitHubTarget, desired: DesiredState, roadmap: RoadmapPlan, entities: Sequence[Entity], selection: Selection
) -> None:
    """Add to ``roadmap`` the milestones that labels ask for."""
    gone = [one for one in entities if one.github is None]
    labelled = plan_labelled(
        github, desired.labelled, roadmap.edits, gone, allow_mass_change=selection.allow_mass_change
    )
    roadmap.edits += labelled.changes
    roadmap.notes += labelled.notes
    roadmap.mass_changes = [*roadmap.mass_changes, *labelled.mass_changes]


def _new_milestones(github: GitHubTarget, rows: Rows, roadmap: RoadmapPlan) -> Iterator[Change]:
    """Yield a milestone for each row that people made and that stands for none; note those of no known repository."""
    matched = {one.page_id for one in roadmap.milestones} | {state.page_id for state in roadmap.states}
    repos = list(github.repositories)
    taken: set[tuple[str, str | None]] = set()
    for row in rows.listed:
        title = canonical_title(str(row.values.get(TITLE) or ""))
        if row.page_id in matched or rows.key_of(row) is not None or title is None:
            continue
        named = [repo for repo in repos if title.casefold().endswith(f" · {repo}".casefold())]
        if not named and len(repos) != 1:
            roadmap.notes.append(
                f"{title}: no milestone is made for this row, since it names no repository; write it behind the title,"
                f" as in “{title} · {repos[0] if repos else 'owner/name'}”"
            )
            continue
        (repo,) = named or repos
        bare = canonical_title(title, repo)
        if (state := github.confirmed(repo)) is None:
            continue
        taken |= {(repo, canonical_title(one.title)) for one in state.milestones}
        target_date = row.values.get(TARGET_DATE)
        if bare is None or (repo, bare) in taken:
            continue
        taken.add((repo, bare))
        fields = (FieldChange(TITLE, None, bare), FieldChange(TARGET_DATE, None, target_date))
        new = NewMilestone(repo, bare, str(target_date) if target_date else None)
        yield Change("github", "create_milestone", repo, title, fields, new)
