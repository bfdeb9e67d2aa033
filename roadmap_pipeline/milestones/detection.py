"""Detection of the milestone that a branch or pull request belongs to.

Pure functions over names. The order of the rules is the contract's: explicit mapping, the pull request's milestone on
GitHub, a ``milestone:`` label, the branch's name. Reading and storing are in :mod:`roadmap_pipeline.milestones.derive`.
"""

import difflib
import fnmatch
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Rule = Literal["mapping", "github_milestone", "label", "branch_name", "unknown"]

_MERGE_QUEUE = re.compile(r"gh-readonly-queue/")
_LOOKS_LIKE_A_MILESTONE = re.compile(r"(?:stage|milestone|phase|sprint|iteration) \d+(?: \d+)*")


@dataclass(frozen=True, slots=True)
class Match:
    """The milestone that a name stands for.

    ``milestone`` is None for ``unknown``; ``closest`` are then the nearest known titles.
    """

    milestone: str | None
    rule: Rule
    closest: tuple[str, ...] = ()


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
        if separator and prefix.strip().casefold() == "milestone":
            return _known(name.strip(), titles, "label")
    return _named(head_branch, titles) if head_branch else None


def mapped_pattern(branch: str, mapping: Mapping[str, str]) -> str | None:
    """Return the pattern of the configuration's mapping by which ``branch`` is judged."""
    return next((pattern for pattern in mapping if fnmatch.fnmatchcase(branch, pattern)), None)


def _mapped(names: Sequence[str], titles: Collection[str], mapping: Mapping[str, str]) -> Match | None:
    for pattern, title in mapping.items():
        if any(fnmatch.fnmatchcase(name, pattern) for name in names):
            return _known(title, titles, "mapping")
    return None


def _known(name: str, titles: Collection[str], rule: Rule) -> Match:
    for title in titles:
        if _words(title) == _words(name):
            return Match(title, rule)
    return Match(None, "unknown", _closest(name, titles))


def _named(branch: str, titles: Collection[str]) -> Match | None:
    if _MERGE_QUEUE.match(branch):
        return None
    starts = list(_word_sequences(branch))
    fitting = [title for title in titles for words in starts if _begins_with(words, _words(title))]
    if fitting:
        return Match(max(fitting, key=lambda title: (len(_words(title)), title)), "branch_name")
    for words in starts:
        if words_match := _LOOKS_LIKE_A_MILESTONE.match(" ".join(words)):
            return Match(None, "unknown", _closest(words_match.group(), titles))
    return None


def _begins_with(words: Sequence[str], title: Sequence[str]) -> bool:
    if not title or list(words[: len(title)]) != list(title):
        return False
    following = words[len(title)] if len(words) > len(title) else ""
    # stage-7-3 is not "Stage 7": a number that goes on is another version.
    return not (title[-1].isdigit() and following.isdigit())


def _word_sequences(branch: str) -> Iterator[list[str]]:
    """Yield the words of a branch from the start of each of its path segments on."""
    segments = branch.split("/")
    for position in range(len(segments)):
        yield _words("/".join(segments[position:]))


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.casefold())


def _closest(name: str, titles: Collection[str]) -> tuple[str, ...]:
    by_words = {" ".join(_words(title)): title for title in sorted(titles, reverse=True)}
    close = difflib.get_close_matches(" ".join(_words(name)), by_words, n=3, cutoff=0.4)
    return tuple(by_words[words] for words in close)
