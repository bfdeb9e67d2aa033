"""Repositories that a pattern such as ``acme/*`` stands for, as GitHub listed them last.

Belongs here: which repositories a pattern takes, what the configuration says of their teams, and the file that
remembers lists from one process to the next. It is kept beside Dagster's history, since the names are needed before the
warehouse is opened; without it the lists are asked for again. Asking GitHub belongs to
:mod:`roadmap_pipeline.github.owners`.
"""

import fnmatch
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

_OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
REPOSITORY = re.compile(rf"{_OWNER}/[A-Za-z0-9._-]+")
"""``owner/name``."""
_PATTERN = re.compile(rf"{_OWNER}/[A-Za-z0-9._*?\[\]!-]+")

FILE = "discovered_repositories.json"
VALID_FOR = timedelta(days=1)
"""The time for which a list is taken for the present one."""


class Discovery(BaseModel):
    """The repositories that a pattern in ``repositories`` doesn't take: ``[discovery]`` of ``roadmap.toml``.

    ``exclude`` holds patterns, ``archived`` and ``forks`` say whether such repositories are read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    exclude: tuple[str, ...] = ()
    archived: bool = False
    forks: bool = False

    @field_validator("exclude")
    @classmethod
    def _name_repositories(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            if not names_repositories(pattern):
                raise ValueError(f"{pattern!r} is not owner/name, nor a pattern such as acme/test-*")
        return value


class Teams(BaseModel):
    """The teams that repositories belong to: ``[teams]`` of ``roadmap.toml``.

    ``repositories`` maps patterns to teams, of which the first that matches counts; without one the organisation's
    ``custom_property`` of the repository is the team; without that the topic that begins with ``topic_prefix`` names
    it, as ``team-payments`` with ``team-``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    repositories: dict[str, Annotated[str, Field(min_length=1, max_length=100)]] = {}
    custom_property: Annotated[str, Field(pattern=r"^[A-Za-z0-9_$#-]{1,75}$")] | None = None
    topic_prefix: Annotated[str, Field(min_length=1)] | None = None

    @field_validator("repositories")
    @classmethod
    def _name_repositories(cls, value: dict[str, str]) -> dict[str, str]:
        for pattern in value:
            if not names_repositories(pattern):
                raise ValueError(f"{pattern!r} is not owner/name, nor a pattern such as acme/pay-*")
        return value


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """A repository as the list of its owner names it."""

    name: str
    """owner/name."""
    is_archived: bool
    is_fork: bool


@dataclass(frozen=True, slots=True)
class OwnerList:
    """The repositories of an owner, and when they were listed (aware, UTC)."""

    listed_at: datetime
    repositories: tuple[ListedRepository, ...]

    def is_outdated(self, now: datetime) -> bool:
        """Return whether to list anew; a list from the future is another clock's."""
        return not timedelta(0) <= now - self.listed_at < VALID_FOR


def is_pattern(name: str) -> bool:
    """Return whether ``name`` stands for repositories rather than for one."""
    return any(character in name for character in "*?[")


def names_repositories(text: str) -> bool:
    """Return whether ``text`` is owner/name, or a pattern of the repositories of one owner."""
    return (_PATTERN if is_pattern(text) else REPOSITORY).fullmatch(text) is not None


def configured_name(configured: Iterable[str], name: str) -> str | None:
    """Return what a repository is called here: as it is configured, or as it calls itself where a pattern takes it.

    Without GitHub's list: one that was made today is taken, and so is one that ``[discovery]`` leaves out.
    """
    patterns = []
    for one in configured:
        if one.lower() == name.lower():
            return one
        if is_pattern(one):
            patterns.append(one.lower())
    is_taken = any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in patterns)
    return name if is_taken and REPOSITORY.fullmatch(name) else None


def owner_of(name: str) -> str:
    """Return the owner of owner/name in lower case: GitHub tells no difference."""
    return name.partition("/")[0].lower()


def expanded(configured: Sequence[str], lists: Mapping[str, OwnerList], discovery: Discovery) -> tuple[str, ...]:
    """Return ``configured`` with the repositories that its patterns stand for, each once.

    A repository that is named is read whatever ``discovery`` leaves out. A pattern that takes none stays among the
    names: it is one thing that can't be read, and the others go on.
    """
    names: dict[str, str] = {name.lower(): name for name in configured if not is_pattern(name)}
    without = []
    for pattern in filter(is_pattern, configured):
        listed = lists.get(owner_of(pattern))
        found = [] if listed is None else list(_matching(pattern, listed.repositories, discovery))
        for name in found:
            names.setdefault(name.lower(), name)
        if not found:
            without.append(pattern)
    return (*names.values(), *without)


def _matching(pattern: str, repositories: Iterable[ListedRepository], discovery: Discovery) -> Iterable[str]:
    for repository in sorted(repositories, key=lambda one: one.name.lower()):
        name = repository.name.lower()
        if (
            fnmatch.fnmatchcase(name, pattern.lower())
            and (discovery.archived or not repository.is_archived)
            and (discovery.forks or not repository.is_fork)
            and not any(fnmatch.fnmatchcase(name, excluded.lower()) for excluded in discovery.exclude)
        ):
            yield repository.name


def remembered(home: Path, api_url: str) -> dict[str, OwnerList]:
    """Return the lists of a GitHub that are known, by owner; none where the file is missing or can't be read."""
    try:
        document = json.loads((home / FILE).read_text(encoding="utf-8"))
        return {
            owner: OwnerList(
                datetime.fromisoformat(kept["listed_at"]),
                tuple(ListedRepository(**one) for one in kept["repositories"]),
            )
            for owner, kept in document.get(api_url, {}).items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def remember(home: Path, api_url: str, lists: Mapping[str, OwnerList]) -> None:
    """Keep the lists of a GitHub, whole or not at all; where the folder can't be written to, they are read again."""
    file = home / FILE
    beside = file.with_name(f"{FILE}.{os.getpid()}")
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = {}
    document[api_url] = {
        owner: {"listed_at": one.listed_at.isoformat(), "repositories": [asdict(each) for each in one.repositories]}
        for owner, one in lists.items()
    }
    try:
        home.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(document), encoding="utf-8")
        beside.replace(file)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
