"""A simulated organisation: three repositories with half a year of CI, pull requests, issues and milestones.

The same seed gives the same bytes. It comes with the truth about itself, so that metrics computed from the payloads can
be checked. Every name, commit and log line in it is invented.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.defaults import CLOCK

from .history import History
from .logs import JobLogs, writes_log
from .oddities import add_oddities
from .people import REPOSITORIES, VIEWER, Repository
from .plans import Plan, make_plan
from .recent import open_recent_pull_requests
from .records import DAY, HOUR, Item, PullRequest
from .rendering import Renderer, give_numbers
from .simulation import Simulation
from .truth import GroundTruth
from .verdicts import show_every_verdict

__all__ = ["GroundTruth", "generate"]


def generate(seed: int = 7, weeks: int = 26, clock: datetime = CLOCK) -> tuple[GitHubContent, GroundTruth]:
    """Return the organisation as GitHub shows it at ``clock`` (aware), after ``weeks`` weeks, and the truth about it.

    Raises:
        ValueError: ``weeks`` is below 2, or ``clock`` has no time zone.
    """
    if weeks < 2:
        raise ValueError(f"the simulated organisation needs at least 2 weeks, not {weeks}")
    if clock.tzinfo is None:
        raise ValueError("the simulated organisation's clock needs a time zone, such as UTC")
    end = int(clock.timestamp())
    start = int((clock - timedelta(weeks=weeks)).timestamp())
    content = GitHubContent(clock=clock, viewer=payloads.user(VIEWER.login, VIEWER.id, type=VIEWER.type))
    simulated = [_simulate(repository, seed, start, end) for repository in REPOSITORIES]
    runs = [run for _, _, history, _ in simulated for run in history.runs]
    give_numbers(
        runs,
        [item for *_, items in simulated for item in items],
        [milestone for _, plan, _, _ in simulated for milestone in plan.milestones],
    )
    renderer, truth = Renderer(content, end), GroundTruth()
    for repository, plan, history, items in simulated:
        history.runs.sort(key=lambda run: run.id)
        items.sort(key=lambda item: item.number)
        renderer.add(repository, history.runs, items, plan.milestones)
    states: dict[int, str] = {}
    written = {}
    for run in runs:
        for job in (job for attempt in run.attempts for job in attempt.jobs):
            if not writes_log(job):
                states[job.id] = "missing"
            elif (job.completed_at or end) < end - run.repository.log_days * DAY:
                states[job.id] = "expired"
                content.expired_logs.add(job.id)
            else:
                states[job.id] = "stored"
                written[job.id] = (run, job)
    content.logs = JobLogs(written, end)
    for _, plan, history, items in simulated:
        truth.add(history, plan.milestones, items, states)
    return content, truth


def _simulate(repository: Repository, seed: int, start: int, end: int) -> tuple[Repository, Plan, History, list[Item]]:
    rng = Random(f"{seed}/{repository.full_name}")  # noqa: S311
    plan = make_plan(repository, rng, start, end)
    simulation = Simulation(repository, rng, start, end, plan.work, plan.incidents, plan.mood)
    history = simulation.run()
    add_oddities(repository, history, start, end)
    show_every_verdict(repository, history, end)
    open_recent_pull_requests(repository, history, end)
    pull_requests = [*(work.pull_request for work in plan.work), *history.repairs]
    items: list[Item] = [
        *(issue for issue in plan.issues if issue.created_at <= end),
        *(each for each in pull_requests if each.head is not None and each.created_at <= end),
    ]
    for item in items:
        item.events = sorted((event for event in item.events if event.time <= end), key=lambda event: event.time)
    _discuss(items, rng, end)
    return repository, plan, history, items


def _discuss(items: Sequence[Item], rng: Random, end: int) -> None:
    """Let people talk on what is open."""
    remarks = (
        "Nice, this is much easier to follow.",
        "Could you add a test for the empty case?",
        "I'd rather wait for the numbers from staging.",
        "Rebased. The failure looked unrelated.",
        "Who could review the second half?",
    )
    for item in items:
        talked_about = isinstance(item, PullRequest) or "tracking" in item.labels
        if item.closed_at is None and talked_about and end - item.created_at > HOUR:
            times = sorted(item.created_at + rng.randrange(end - item.created_at) for _ in range(rng.randrange(1, 4)))
            team = item.repository.team
            item.comments = [(time, rng.choice(team), rng.choice(remarks)) for time in times]
