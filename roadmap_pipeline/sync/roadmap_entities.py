"""The milestones that the roadmap has rows for: those on GitHub now, those only stored, and those that are gone.

Belongs here: bringing together what GitHub says, what the tables say, and what earlier syncs knew. Their rows are
matched in ``row_matching``, their fields merged in ``shared_fields``.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from roadmap_pipeline.github.milestones import Milestone
from roadmap_pipeline.sync.canonical import (
    DERIVED,
    GITHUB_CLOSED,
    GITHUB_LABEL,
    SEPARATOR,
    STATUS,
    TARGET_DATE,
    TITLE,
    canonical_title,
)
from roadmap_pipeline.sync.desired import DesiredMilestone
from roadmap_pipeline.sync.github_target import MILESTONE_KEY
from roadmap_pipeline.sync.journal import Base
from roadmap_pipeline.sync.merge import GitHubStatus
from roadmap_pipeline.sync.shared_fields import GitHubMilestone


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A row as the sync before left it (``sync.rows``); ``number`` is None where only the row told of it."""

    repo: str
    number: int | None
    title: str
    is_trashed: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that has, or should have, a row.

    Attributes:
        key: Its sync key.
        title: Its title on GitHub now, else as it was stored.
        github: As it is on GitHub, or as it was stored where GitHub can't be asked; None where it is gone.
        number: Its number; None where the key of its row is all that is left of it.
        milestone: The answer that GitHub gave; None where it was not asked or has none.
        desired: What the tables say of it; None where they don't know it (yet).
        former_keys: Keys by which older versions knew it.
    """

    key: str
    repo: str
    number: int | None
    title: str
    github: GitHubMilestone | None
    milestone: Milestone | None = None
    desired: DesiredMilestone | None = None
    former_keys: tuple[str, ...] = ()

    @property
    def is_stored(self) -> bool:
        """True where GitHub's side is only what was stored."""
        return self.github is not None and self.milestone is None


@dataclass(slots=True)
class Entities:
    """All of them, and notes on repositories whose rows are left alone."""

    entities: list[Entity] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, more: "Entities") -> None:
        """Add what was found elsewhere."""
        self.entities += more.entities
        self.notes += more.notes


def names_of(entity: Entity, shown: str = "") -> frozenset[str]:
    """Return all that people may call a milestone: its title on either side, also with its repository behind it.

    Args:
        entity: The milestone.
        shown: The title of its row, as it stands there; empty where it has none.
    """
    titles = {canonical_title(entity.title), canonical_title(shown, entity.repo)}
    names = {entity.title, shown, canonical_title(shown), *titles}
    names |= {f"{title}{SEPARATOR}{entity.repo}" for title in titles if title}
    return frozenset(name for name in names if name)


def is_called(entity: Entity, name: str) -> bool:
    """Return whether a milestone has this title on GitHub, which may have its repository behind it."""
    return bool({name, canonical_title(name)} & names_of(entity))


def as_agreed(entity: Entity, base: Base) -> Entity:
    """Return a milestone that GitHub doesn't show now as both sides agreed on it: what was stored may be older."""
    if entity.github is None or not entity.is_stored:
        return entity
    status = entity.github.status
    if GITHUB_CLOSED in base.fields:
        shown = base.fields.get(STATUS)
        derived = shown if shown in DERIVED else status.derived
        status = GitHubStatus(bool(base.fields[GITHUB_CLOSED]), base.fields.get(GITHUB_LABEL), derived)
    github = replace(
        entity.github,
        title=base.fields.get(TITLE) or entity.github.title,
        target_date=base.fields.get(TARGET_DATE, entity.github.target_date),
        status=status,
    )
    return replace(entity, github=github)


def gather(
    desired: Sequence[DesiredMilestone],
    present: Mapping[str, tuple[Milestone, GitHubMilestone]],
    known: Mapping[str, KnownRow],
    *,
    read: Collection[str],
    unread: Mapping[str, str],
    is_asked: bool,
    is_gone: Callable[[str, int], bool],
) -> Entities:
    """Return what has rows, and what is to be known of the rest.

    Args:
        desired: What the tables say.
        present: The milestones that GitHub lists, by sync key.
        known: The rows that the sync before knew.
        read: The repositories that were listed, by canonical name.
        unread: Why others could not be, by configured name.
        is_asked: GitHub was asked; else its side is missing and the tables stand for it.
        is_gone: Proves that a milestone which no list shows isn't there.
    """
    gathered = Entities()
    by_number = {(milestone.repo, milestone.number): key for key, (milestone, _) in present.items()}
    stored = {by_number.get((one.repo, one.number), _stored_key(one, known)): one for one in desired}
    for key, (milestone, merged) in present.items():
        gathered.entities.append(
            Entity(
                key,
                milestone.repo,
                milestone.number,
                milestone.title,
                merged,
                milestone,
                stored.get(key),
                (_former_key(milestone.repo, milestone.number),),
            )
        )
    left_alone: dict[str, int] = {}
    names = {name.casefold() for name in unread}
    for key, repo, number, title, one in _others(stored, known, present):
        is_read = repo in read
        if not is_read and is_asked and repo.casefold() not in names:
            left_alone[repo] = left_alone.get(repo, 0) + 1
            continue
        if number is None:
            continue  # Its row says again which milestone it was: see ``forgotten_milestones``.
        if is_read and not is_gone(repo, number):
            continue  # Lists lag behind: it is there, and the next sync reads it.
        github = None if is_read or one is None else _as_stored(key, one)
        if github is None and not is_read:
            continue
        gathered.entities.append(Entity(key, repo, number, title, github, None, one, (_former_key(repo, number),)))
    for repo, count in sorted(left_alone.items()):
        rows = "its row stays as it is" if count == 1 else f"its {count} rows stay as they are"
        gathered.notes.append(f"{repo} is not configured (any more): {rows}")
    return gathered


def _others(
    stored: Mapping[str, DesiredMilestone],
    known: Mapping[str, KnownRow],
    present: Mapping[str, object],
) -> Iterator[tuple[str, str, int | None, str, DesiredMilestone | None]]:
    """Yield what the tables or earlier syncs know and GitHub doesn't list."""
    for key, one in stored.items():
        if key not in present:
            yield key, one.repo, one.number, one.milestone, one
    for key, row in known.items():
        if key not in present and key not in stored:
            yield key, row.repo, row.number, row.title, None


def _stored_key(one: DesiredMilestone, known: Mapping[str, KnownRow]) -> str:
    if one.node_id:
        return MILESTONE_KEY + one.node_id
    # Read before node ids were: an earlier sync may know it, else it goes by its number until it is read again.
    numbers = {(row.repo, row.number): key for key, row in known.items()}
    return numbers.get((one.repo, one.number), _former_key(one.repo, one.number))


def _former_key(repo: str, number: int) -> str:
    return f"{MILESTONE_KEY}{repo}#{number}"


def _as_stored(key: str, one: DesiredMilestone) -> GitHubMilestone:
    status = one.shared[STATUS]
    return GitHubMilestone(
        key,
        one.repo,
        one.number,
        one.milestone,
        one.shared[TARGET_DATE],
        # Which of it people gave and which was derived is not stored.
        GitHubStatus(
            is_closed=status == "Completed",
            label=status if status == "Blocked" else None,
            derived=status if status in DERIVED else "Planned",
        ),
        is_fresh=False,
        carries_status=True,
    )
