"""Detection of the milestone that a branch or pull request belongs to.

Pure functions over names. The order of the rules is the contract's: explicit mapping, the pull request's milestone on
GitHub, a ``milestone:`` label, the branch's name. Reading and storing are in :mod:`roadmap_pipeline.milestones.derive`.
"""

import difflib
import fnmatch
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Rule = Literal["mapping", "github_milestone", "label", "branch_name", "unknown"]

_NOBODYS_WORK = re.compile(
    r"gh-readonly-queue/|graphite-base/|mergify/|trunk-merge/"  # merge queues: their runs belong to the pull request
    r"|dependabot/|renovate/|greenkeeper/|snyk-|pyup-|scala-steward/|depfu/|imgbot"  # named after packages
    r"|pre-commit-ci-|changeset-release/|release-please--|all-contributors/|l10n_|weblate-|crowdin"
)
"""The beginnings of branches that programs make: what they are called after is a package or a pull request."""

_BEFORE_THE_NAME = re.compile(
    r"(?:revert-\d+-"  # GitHub's, before the name of the branch that was merged
    r"|[A-Za-z][A-Za-z0-9]*-\d+[-_](?=[A-Za-z])"  # JIRA-123-
    r"|\d+[-_](?=[A-Za-z])"  # the number of an issue, as GitHub's "Create a branch" puts it
    r"|(?:feature|feat|fix|bugfix|hotfix|chore|docs|refactor|test|perf|task|story|epic|spike|wip)[-_])+"
)
"""Words before the name in one segment; a ticket is one only where a name follows (``stage-7-3`` is none)."""

_LOOKS_LIKE_A_MILESTONE = re.compile(r"(?:stage|milestone|phase|sprint|iteration) \d+(?: \d+)*")


@dataclass(frozen=True, slots=True)
class Match:
    """The milestone that a name stands for.

    ``milestone`` is None for ``unknown``; ``closest`` are then the nearest known titles, and ``label_title`` is the
    title that a label asks for.
    """

    milestone: str | None
    rule: Rule
    closest: tuple[str, ...] = ()
    label_title: str | None = None


def match_branch(branch: str, titles: Collection[str], mapping: Mapping[str, str]) -> Match | None:
    """Return the milestone that ``branch`` names among the known ``titles`` of its repository.

    None when the name does not speak of a milestone at all; ``unknown`` when it does but no title fits.
    """
    return _mapped([branch], titles, mapping) or _named(branch, titles)


def match_pull_request(
    head_branch: str | None,
    labels: Sequence[str],
    milestone: str | None,
    titles: Collection[str],
    mapping: Mapping[str, str],
) -> Match | None:
    """Return the milestone of a pull request: first of mapping, its milestone on GitHub, a label, its branch's name."""
    mapped = _mapped([*([head_branch] if head_branch else []), *labels], titles, mapping)
    if mapped:
        return mapped
    if milestone:
        return Match(milestone, "github_milestone")
    for label in labels:
        prefix, separator, name = label.partition(":")
        if separator and prefix.strip().casefold() == "milestone" and name.strip():
            match = _known(name.strip(), titles, "label")
            return match if match.milestone else Match(None, "unknown", match.closest, " ".join(name.split()))
    return _named(head_branch, titles) if head_branch else None


def mapped_pattern(branch: str, mapping: Mapping[str, str]) -> str | None:
    """Return the pattern of the configuration's mapping by which ``branch`` is judged."""
    return next((pattern for pattern in mapping if fnmatch.fnmatchcase(branch, pattern)), None)


def same_title(one: str, other: str) -> bool:
    """Return whether two titles differ in nothing but case, spaces and signs."""
    return _words(one) == _words(other)


def closest_titles(name: str, titles: Collection[str]) -> tuple[str, ...]:
    """Return up to three known titles that come closest to ``name``, best first."""
    by_words = {" ".join(_words(title)): title for title in sorted(titles, reverse=True)}
    close = difflib.get_close_matches(" ".join(_words(name)), by_words, n=3, cutoff=0.4)
    return tuple(by_words[words] for words in close)


def _mapped(names: Sequence[str], titles: Collection[str], mapping: Mapping[str, str]) -> Match | None:
    for pattern, title in mapping.items():
        if any(fnmatch.fnmatchcase(name, pattern) for name in names):
            return _known(title, titles, "mapping")
    return None


def _known(name: str, titles: Collection[str], rule: Rule) -> Match:
    for title in titles:
        if same_title(title, name):
            return Match(title, rule)
    return Match(None, "unknown", closest_titles(name, titles))


def _named(branch: str, titles: Collection[str]) -> Match | None:
    if _NOBODYS_WORK.match(branch):
        return None
    starts = list(_word_sequences(branch))
    fitting = [title for title in titles for words in starts if _begins_with(words, _words(title))]
    # A title with a number is rare enough to be meant wherever it stands: ada-stage-7-3, retries-of-stage-7-3.
    fitting = fitting or _standing_first(starts[0], [title for title in titles if _is_numbered(title)])
    if fitting:
        return Match(max(fitting, key=lambda title: (len(_words(title)), title)), "branch_name")
    for words in starts:
        if words_match := _LOOKS_LIKE_A_MILESTONE.match(" ".join(words)):
            return Match(None, "unknown", closest_titles(words_match.group(), titles))
    return None


def _standing_first(words: Sequence[str], titles: Collection[str]) -> list[str]:
    """Return the titles at the first place in ``words`` where any stands."""
    for position in range(1, len(words)):
        if fitting := [title for title in titles if _begins_with(words[position:], _words(title))]:
            return fitting
    return []


def _is_numbered(title: str) -> bool:
    words = _words(title)
    return len(words) > 1 and not words[0].isdigit() and words[-1].isdigit()


def _begins_with(words: Sequence[str], title: Sequence[str]) -> bool:
    if not title or tuple(words[: len(title)]) != tuple(title):
        return False
    following = words[len(title)] if len(words) > len(title) else ""
    # stage-7-3 is not "Stage 7": a number that goes on is another version.
    return not (title[-1].isdigit() and following.isdigit())


def _word_sequences(branch: str) -> Iterator[Sequence[str]]:
    """Yield the words of a branch from the start of each path segment on, and from the name in it."""
    segments = branch.split("/")
    for position in range(len(segments)):
        rest = "/".join(segments[position:])
        yield _words(rest)
        if before := _BEFORE_THE_NAME.match(rest):
            yield _words(rest[before.end() :])


@lru_cache(maxsize=10_000)
def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name; letters and digits are words of their own, and the v of a version is none.

    A lone ``v2`` keeps its v: ``2-fix-a-typo`` is about issue 2.
    """
    words = re.findall(r"[^\W\d_]+|\d+", name.casefold())
    return tuple(word for position, word in enumerate(words) if not _is_sign_of_version(words, position))


def _is_sign_of_version(words: Sequence[str], position: int) -> bool:
    following = [word.isdigit() for word in words[position + 1 : position + 3]]
    return words[position] == "v" and following[:1] == [True] and (position > 0 or following == [True, True])
