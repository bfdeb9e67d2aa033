"""Putting the repositories that patterns stand for in their place, before anything else looks at the names.

Belongs here: when GitHub is asked, and what a person is told of it.
"""

from collections.abc import Sequence
from dataclasses import replace

from roadmap_pipeline.discovery import OwnerList, expanded, is_pattern, owner_of, remember, remembered
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings

_NAMED = 10
"""New repositories that a note names; of more it tells how many there are."""


def discover(runtime: Runtime) -> None:
    """Replace the patterns among the runtime's repositories by what they stand for, as GitHub lists it once a day.

    A list that can't be had is a note: the last one stands, and without one the pattern is a repository that can't be
    read.
    """
    settings = runtime.settings
    owners = list(dict.fromkeys(owner_of(name) for name in settings.repositories if is_pattern(name)))
    if not owners:
        return
    # The address of a sandbox is another one at each start.
    keeps = settings.deployment == "real"
    before = remembered(settings.dagster_home, settings.github_api_url) if keeps else {}
    lists = {**before, **_listed_anew(runtime, owners, before)}
    if keeps and lists != before:
        remember(settings.dagster_home, settings.github_api_url, lists)
    runtime.settings = _with(settings, lists)
    runtime.run_summary.notes += [
        f"{name} takes none of the {len(lists[owner_of(name)].repositories):,} repositories of {owner_of(name)} that"
        " GitHub lists; see what [discovery] leaves out, and what the token may see"
        for name in filter(is_pattern, runtime.settings.repositories)
        if owner_of(name) in lists
    ]
    if new := [name for name in runtime.settings.repositories if name not in _with(settings, before).repositories]:
        others = f" and {len(new) - _NAMED:,} others" if len(new) > _NAMED else ""
        if before:
            runtime.run_summary.notes.append(f"New repositories are read: {', '.join(new[:_NAMED])}{others}")


def with_remembered(settings: Settings) -> Settings:
    """Return settings for work on what is stored, with the repositories that patterns stood for last."""
    if not any(map(is_pattern, settings.repositories)):
        return settings
    return _with(settings, remembered(settings.dagster_home, settings.github_api_url))


def _with(settings: Settings, lists: dict[str, OwnerList]) -> Settings:
    return replace(settings, repositories=expanded(settings.repositories, lists, settings.configuration.discovery))


def _listed_anew(runtime: Runtime, owners: Sequence[str], known: dict[str, OwnerList]) -> dict[str, OwnerList]:
    from roadmap_pipeline.github.owners import list_repositories

    if runtime.missing("github"):
        return {}
    now = runtime.settings.now()
    lists = {}
    for owner in owners:
        if owner in known and not known[owner].is_outdated(now):
            continue
        try:
            lists[owner] = list_repositories(runtime.github, owner, now)
        except RoadmapError as error:
            stands = f"; the list of {known[owner].listed_at:%Y-%m-%d %H:%M} UTC stands" if owner in known else ""
            runtime.run_summary.notes.append(f"The repositories of {owner} can't be listed: {error}{stands}")
    return lists
