"""The decisions before the simulation: milestones with their issues, pull requests, incidents, good and bad times.

Belongs here: the story. Payments has a bad September and is better than ever afterwards; the shop's browser tests are
flaky; the platform's default branch is red at the end. Dates are days before the end of the simulated time, so that
the story ends at the clock whatever the clock is; only September is September.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from .history import Incident, Mood, Work
from .people import DEPENDABOT, GONE, OUTSIDER, PRE_COMMIT, RENOVATE, Person, Repository
from .records import DAY, HOUR, MINUTE, Issue, Milestone, PullRequest


@dataclass(frozen=True, slots=True)
class MilestonePlan:
    """A milestone: days before the end at which it is created, due (negative: after the end) and closed.

    ``done`` is the share of its issues that are closed at the end; ``tracking`` the labels of its tracking issue.
    ``steady`` issues beside those are known from the start, and four of them are closed each week: what a forecast can
    rest on.
    """

    title: str
    description: str
    created: int
    due: int | None
    closed: int | None
    issues: int
    done: float
    tracking: tuple[str, ...] = ()
    steady: int = 0


MILESTONES: dict[str, tuple[MilestonePlan, ...]] = {
    "payments": (
        MilestonePlan("Stage 7.1", "Settlement in three currencies", 190, 108, 110, 12, 1.0),
        MilestonePlan("Stage 7.2", "Refunds without a spreadsheet", 128, 47, 40, 16, 1.0),
        MilestonePlan("Observability", "See every payment from end to end", 95, 10, None, 11, 0.6),
        MilestonePlan(
            "Stage 7.3", "Payouts on the same day", 58, -25, None, 18, 0.55, ("tracking", "status: in progress"), 30
        ),
    ),
    "storefront": (
        MilestonePlan("Checkout v1", "One page, one button", 185, 93, 95, 13, 1.0),
        MilestonePlan(
            "Checkout v2", "Vouchers, wallets and guests", 100, -32, None, 22, 0.45, ("tracking", "status: blocked")
        ),
        MilestonePlan("Accessibility", "Everything by keyboard and by ear", 62, None, None, 9, 0.35),
    ),
    "platform": (
        MilestonePlan("Runner migration", "Away from the old machines", 180, 60, 66, 12, 1.0),
        MilestonePlan("Observability", "Traces and logs in one place", 90, -74, None, 14, 0.4),
        MilestonePlan("Cost controls", "Know what a cluster costs before it runs", 19, -100, None, 0, 0.0),
    ),
}

_INCIDENTS: dict[str, tuple[tuple[float, str, str, str, str, float], ...]] = {
    # days before the end, workflow, jobs whose names begin so, cause, closing, hours until the repair begins
    "payments": (
        (151.7, "lint.yml", "mypy", "mypy", "human_fix", 2.0),
        (118.8, "ci.yml", "test (", "pytest-assertion", "human_fix", 3.5),
        (74.7, "ci.yml", "test (", "pytest-import", "revert", 22.0),
        (68.6, "ci.yml", "integration", "pytest-assertion", "human_fix", 27.0),
        (61.7, "ci.yml", "test (", "pip-conflict", "bot_fix", 9.0),
        (52.6, "ci.yml", "test (", "pytest-assertion", "human_fix", 20.0),
        (24.7, "ci.yml", "integration", "pytest-assertion", "revert", 1.0),
    ),
    "storefront": (
        (143.7, "ci.yml", "build", "bundle", "revert", 2.0),
        (103.6, "ci.yml", "unit (", "npm-lock", "bot_fix", 4.0),
        (66.8, "ci.yml", "unit (", "vitest-assertion", "human_fix", 5.0),
        (41.7, "ci.yml", "build", "bundle", "auto_revert", 0.6),
        (17.6, "lint.yml", "typecheck", "tsc", "human_fix", 2.5),
    ),
    "platform": (
        (131.7, "ci.yml", "unit", "go-test", "human_fix", 6.0),
        (82.6, "ci.yml", "build (", "go-compile", "revert", 3.0),
        (45.7, "ci.yml", "build (", "go-sum", "bot_fix", 5.0),
        (2.6, "ci.yml", "unit", "go-test", "open", 0.0),
    ),
}

_THINGS = {
    "payments": ("ledger entries", "refund flow", "payout batches", "webhook signatures", "exchange rates", "disputes"),
    "storefront": ("cart drawer", "guest checkout", "search box", "voucher field", "address form", "order history"),
    "platform": ("node pools", "image registry", "quota service", "log pipeline", "secret rotation", "agent updates"),
}
_VERBS = ("Speed up", "Rework", "Add metrics for", "Validate", "Simplify", "Cache", "Document", "Harden", "Split")
_WISHES = (
    "is slow for large accounts",
    "loses the last entry",
    "needs an audit trail",
    "shows the wrong total",
    "should retry",
)
_PACKAGES = {
    "payments": ("sqlalchemy", "cryptography", "pydantic", "httpx", "uvicorn"),
    "storefront": ("vite", "react-aria", "zod", "playwright", "postcss"),
    "platform": ("k8s.io/client-go", "golang.org/x/net", "tokio", "serde", "go.opentelemetry.io/otel"),
}
_FILES = {
    "payments": ("payments/{}.py", "tests/test_{}.py", "payments/{}_model.py"),
    "storefront": ("src/{}/index.tsx", "src/{}/{}.test.ts", "src/{}/style.css"),
    "platform": ("internal/{}/server.go", "internal/{}/server_test.go", "agent/src/{}.rs"),
}
_DOCS = ("docs/{}.md", "README.md", "docs/decisions/{}.md", "docs/diagrams/{}.svg")


@dataclass(slots=True)
class Plan:
    """The plan of what will be tried in one repository."""

    milestones: list[Milestone]
    issues: list[Issue]
    work: list[Work]
    incidents: list[Incident]
    mood: Callable[[int], Mood] = field(repr=False)


def make_plan(repository: Repository, rng: Random, start: int, end: int) -> Plan:
    """Plan one repository from ``start`` to ``end`` (seconds)."""
    plans = MILESTONES[repository.name]
    milestones = [_milestone(repository, plan, rng, end) for plan in plans]
    issues: list[Issue] = []
    for plan, milestone in zip(plans, milestones, strict=True):
        issues += _issues(plan, milestone, milestones, rng, start, end)
        issues += _steady_issues(plan, milestone, start, end)
    issues += _other_issues(repository, rng, start, end)
    work = _work(repository, milestones, rng, start, end)
    incidents = [
        Incident(_workday(end - int(days * DAY)), file, jobs, cause, closing, hours)
        for days, file, jobs, cause, closing, hours in _INCIDENTS[repository.name]
        if end - days * DAY > start + DAY
    ]
    return Plan(milestones, issues, work, incidents, _mood(repository, end))


def _mood(repository: Repository, end: int) -> Callable[[int], Mood]:
    year = datetime.fromtimestamp(end, UTC).year
    bad = int(datetime(year, 9, 1, tzinfo=UTC).timestamp())
    better = int(datetime(year, 10, 3, tzinfo=UTC).timestamp())

    def payments(time: int) -> Mood:
        if bad <= time < better:
            return Mood(defects=2.2, flakes=6.0)
        return Mood(defects=0.55, flakes=0.5) if time >= better else Mood()

    def elsewhere(_time: int) -> Mood:
        return Mood()

    return payments if repository.name == "payments" else elsewhere


def _workday(time: int) -> int:
    """Return the same time of day on the last weekday up to that day."""
    while (time // DAY + 3) % 7 >= 5:
        time -= DAY
    return time


def _office_hours(rng: Random, day: int) -> int:
    return day * DAY + 7 * HOUR + 30 * MINUTE + rng.randrange(10 * HOUR)


def _milestone(repository: Repository, plan: MilestonePlan, rng: Random, end: int) -> Milestone:
    day = end // DAY
    creator = rng.choice(repository.team)
    created = _office_hours(rng, day - plan.created)
    closed = None if plan.closed is None else _office_hours(rng, day - plan.closed)
    due = None if plan.due is None else _midnight_pacific(day - plan.due)
    return Milestone(repository, plan.title, plan.description, creator, created, due, closed)


def _midnight_pacific(day: int) -> int:
    """Return the time GitHub gives a due date: midnight on the Pacific coast, 07:00Z in summer and 08:00Z in winter."""
    date = datetime.fromtimestamp(day * DAY, UTC)
    summer = (3, 9) <= (date.month, date.day) < (11, 2)
    return day * DAY + (7 if summer else 8) * HOUR


def _issues(
    plan: MilestonePlan, milestone: Milestone, milestones: Sequence[Milestone], rng: Random, start: int, end: int
) -> list[Issue]:
    repository = milestone.repository
    last = min(end, milestone.closed_at or end)
    first = max(start, milestone.created_at) + HOUR
    if first >= last:
        return []
    later = [other for other in milestones if other.created_at > milestone.created_at and other.closed_at is None]
    issues = []
    for index in range(plan.issues):
        # Most of the scope is known early; the rest grows.
        share = rng.random() * 0.08 if rng.random() < 0.6 else rng.random() * 0.85
        created = int(first + share * (last - first)) - rng.randrange(HOUR)
        title = f"{rng.choice(_THINGS[repository.name]).capitalize()} {rng.choice(_WISHES)}"
        author = rng.choice(repository.team)
        if plan.tracking and index == 0:
            title, created = f"Tracking: {plan.title}", first - rng.randrange(HOUR)
        issue = Issue(repository, title, author, created, f"Part of {plan.title}.\n\nSeen by {author.name}.")
        delay = rng.randrange(20, 400) if rng.random() < 0.8 else rng.randrange(DAY)
        issue.happened(min(created + delay, last), "milestoned", author, plan.title)
        issue.milestone = milestone
        issues.append(issue)
        if plan.tracking and index == 0:
            for label in plan.tracking:
                issue.happened(min(created + delay + 60, last), "labeled", author, label)
            continue
        for label in rng.sample(("bug", "enhancement", "documentation", "flaky"), k=rng.choice((0, 1, 1, 2))):
            issue.happened(min(created + delay + 30, last), "labeled", author, label)
        _close(issue, plan, last, rng)
        if issue.closed_at is None and milestone.closed_at is not None:
            # What is left when a milestone is closed moves on or is dropped.
            when = milestone.closed_at - rng.randrange(60, HOUR)
            if later and rng.random() < 0.7:
                issue.moved(max(when, issue.events[-1].time), author, later[0] if when >= later[0].created_at else None)
            else:
                issue.state_reason = "not_planned"
                issue.happened(max(when, issue.events[-1].time), "closed", author)
    return issues


def _steady_issues(plan: MilestonePlan, milestone: Milestone, start: int, end: int) -> list[Issue]:
    """Return the issues that are closed one after the other, from Monday to Thursday. Without chance."""
    repository, team = milestone.repository, milestone.repository.team
    first = max(start, milestone.created_at) + HOUR
    days = [day for day in range(first // DAY + 4, end // DAY) if (day + 3) % 7 < 4]
    issues = []
    for number in range(plan.steady if first + 3 * DAY < end else 0):
        author = team[number % len(team)]
        things, wish = _THINGS[repository.name], _WISHES[number // 6 % len(_WISHES)]
        created = first + number * 2 * DAY // plan.steady
        title = f"{things[number % len(things)].capitalize()} {wish}"
        issue = Issue(repository, title, author, created, f"Part of {plan.title}.\n\nSeen by {author.name}.")
        issue.happened(created + 60, "milestoned", author, plan.title)
        issue.milestone = milestone
        if number < len(days):
            time = days[number] * DAY + 9 * HOUR + number * 37 % 480 * MINUTE
            issue.happened(time, "closed", team[(number + 1) % len(team)])
            issue.state_reason = "completed"
        issues.append(issue)
    return issues


def _close(issue: Issue, plan: MilestonePlan, last: int, rng: Random) -> None:
    known = issue.events[-1].time
    done = plan.done if plan.closed is None else 0.86
    if rng.random() >= done or last - known < 2 * HOUR:
        return
    closer = rng.choice(issue.repository.team)
    closed = known + int((last - known) * rng.betavariate(1.6, 1.4))
    issue.happened(closed, "closed", closer)
    issue.state_reason = "completed"
    if rng.random() < 0.09 and last - closed > 2 * HOUR:
        issue.happened(closed + (last - closed) // 3, "reopened", closer)
        issue.state_reason = "reopened"
        if rng.random() < 0.7:
            issue.happened(closed + (last - closed) // 2, "closed", closer)
            issue.state_reason = "completed"


def _other_issues(repository: Repository, rng: Random, start: int, end: int) -> list[Issue]:
    issues = []
    for _ in range(max(1, (end - start) // (9 * DAY))):
        created = start + rng.randrange(max(1, end - start - 2 * DAY))
        author = rng.choice(repository.team)
        title = f"{rng.choice(_THINGS[repository.name]).capitalize()} {rng.choice(_WISHES)}"
        issue = Issue(repository, title, author, created, "Reported by support.")
        issue.happened(created + 40, "labeled", author, rng.choice(("bug", "flaky")))
        closed = created + int(rng.expovariate(1 / (12 * DAY))) + HOUR
        if closed < end:
            issue.happened(closed, "closed", rng.choice(repository.team))
            issue.state_reason = rng.choice(("completed", "completed", "not_planned"))
        issues.append(issue)
    return issues


def _work(repository: Repository, milestones: Sequence[Milestone], rng: Random, start: int, end: int) -> list[Work]:
    work: list[Work] = []
    branches: set[str] = set()
    for day in range(start // DAY, end // DAY + 1):
        if (day + 3) % 7 >= 5:
            continue
        expected = repository.pull_requests_a_week / 5
        count = sum(rng.random() < expected / 3 for _ in range(3))
        for _ in range(count):
            time = _office_hours(rng, day)
            if start + HOUR < time < end - HOUR:
                by_app = rng.random() < 0.2
                make = _update if by_app else _feature
                work.append(make(repository, milestones, rng, time, end, branches))
    _special_cases(repository, work, rng, end)
    return work


def _free(branch: str, branches: set[str]) -> str:
    name, number = branch, 2
    while name in branches:
        # "-2" after "stage-7-2" would name another milestone.
        name, number = f"{branch}-part-{number}", number + 1
    branches.add(name)
    return name


def _slug(text: str) -> str:
    return text.lower().replace(" ", "-").replace(".", "-").replace("/", "-")


def _feature(
    repository: Repository, milestones: Sequence[Milestone], rng: Random, time: int, end: int, branches: set[str]
) -> Work:
    author = rng.choice(repository.team)
    thing, verb = rng.choice(_THINGS[repository.name]), rng.choice(_VERBS)
    current = [
        each
        for each in milestones
        if each.created_at <= time
        and (each.closed_at is None or time < each.closed_at)
        and each.title != "Cost controls"
    ]
    milestone = rng.choice(current) if current and rng.random() < 0.72 else None
    topic = _slug(thing)
    if milestone is None:
        branch, assigned = f"{author.login.split('-')[0]}/{_slug(verb)}-{topic}", None
    else:
        # Some say their milestone in the branch's name only, some in the pull request only, most in both.
        says = rng.random()
        named = f"feature/{_slug(milestone.title)}" + (f"-{topic}" if rng.random() < 0.8 else "")
        branch = named if says < 0.85 else f"{author.login.split('-')[0]}/{topic}"
        assigned = milestone if says > 0.18 else None
    pull_request = PullRequest(repository, f"{verb} {thing}", author, time, branch=_free(branch, branches))
    pull_request.body = f"{verb} the {thing}.\n\nTested by hand and by CI."
    if assigned is not None:
        pull_request.happened(time + 30 + rng.randrange(300), "milestoned", author, assigned.title)
        pull_request.milestone = assigned
    if rng.random() < 0.3:
        pull_request.happened(time + 20, "labeled", author, rng.choice(("enhancement", "bug", "documentation")))
    pull_request.files = _changed(repository, rng, topic, docs=rng.random() < 0.24)
    ending = rng.choices(("merge", "close", "open"), (0.91, 0.07, 0.0 if time < end - 18 * DAY else 0.4))[0]
    early = rng.choice((1, 2)) if branch.startswith("feature/") and rng.random() < 0.3 else 0
    return Work(pull_request, rng.choice((1, 2, 3, 3, 4, 4, 5, 6)), ending, early_pushes=early)


def _update(
    repository: Repository, milestones: Sequence[Milestone], rng: Random, time: int, end: int, branches: set[str]
) -> Work:
    del milestones, end  # a routine update belongs to no milestone
    author: Person = {"storefront": RENOVATE}.get(repository.name, DEPENDABOT)
    package = rng.choice(_PACKAGES[repository.name])
    low = rng.randrange(2, 40)
    title = f"Bump {package} from {low}.{rng.randrange(9)}.0 to {low + 1}.0.0"
    branch = f"{'renovate' if author is RENOVATE else 'dependabot'}/{package}-{low + 1}.0.0"
    if repository.name == "payments" and rng.random() < 0.2:
        author, title, branch = PRE_COMMIT, "[pre-commit.ci] pre-commit autoupdate", "pre-commit-ci-update-config"
    pull_request = PullRequest(repository, title, author, time, branch=_free(branch, branches))
    pull_request.body = "An update, made by a machine."
    pull_request.happened(time + 4, "labeled", author, "dependencies")
    lock = {"payments": "requirements-dev.txt", "storefront": "package-lock.json", "platform": "go.sum"}[
        repository.name
    ]
    pull_request.files = [lock]
    return Work(pull_request, 1, rng.choices(("merge", "close"), (0.88, 0.12))[0])


def _changed(repository: Repository, rng: Random, topic: str, *, docs: bool) -> list[str]:
    name = topic.replace("-", "_")
    files = [path.format(name, name) for path in rng.sample(_FILES[repository.name], k=rng.randrange(1, 4))]
    if docs:
        files += [path.format(name) for path in rng.sample(_DOCS, k=rng.randrange(1, 3))]
    return files


def _special_cases(repository: Repository, work: list[Work], rng: Random, end: int) -> None:
    """Return what must occur whatever chance says: forks, odd labels and branches, work in progress at the end."""
    people = [each for each in work if not each.pull_request.author.is_bot]
    recent = [each for each in people if each.pull_request.created_at > end - 80 * DAY and each.early_pushes == 0]
    if repository.name == "payments" and len(recent) >= 4:
        _from_fork(recent[0], OUTSIDER, gone=False)
        labelled = recent[1].pull_request
        _outside_milestones(labelled, "jules/backport-refunds")
        labelled.happened(labelled.created_at + 90, "labeled", labelled.author, "milestone: Stage 7.2")
        _outside_milestones(recent[2].pull_request, "feature/stage-7-9-wallets")
        recent[3].defect, recent[3].interrupts_fixer = ("lint.yml", "ruff-format"), True
    if repository.name == "storefront" and len(recent) >= 2:
        _from_fork(recent[0], GONE, gone=True)
        recent[1].defect, recent[1].fixer_fails = ("lint.yml", "prettier"), True
    if repository.name == "platform" and recent:
        recent[0].defect = ("ci.yml", "golangci")
    # Formatting slips through in a steady trickle, so that the fixing apps have something to do.
    cause = {"payments": ("lint.yml", "ruff-format"), "storefront": ("lint.yml", "prettier")}
    for each in people[3::9]:
        each.defect = each.defect or cause.get(repository.name, ("ci.yml", "golangci"))
    for minutes in {"payments": (9, 1.5, 0.15), "storefront": (6,), "platform": ()}[repository.name]:
        time = end - int(minutes * 60)
        author = rng.choice(repository.team)
        thing = rng.choice(_THINGS[repository.name])
        branch = f"{author.login.split('-')[0]}/early-{_slug(thing)}-{int(minutes)}"
        pull_request = PullRequest(repository, f"Look into {thing}", author, time, "Early bird.", branch=branch)
        pull_request.draft = True
        work.append(Work(pull_request, 1, "open"))


def _from_fork(work: Work, owner: Person, *, gone: bool) -> None:
    pull_request = work.pull_request
    _outside_milestones(pull_request, "patch-1")
    pull_request.author, pull_request.fork, pull_request.fork_deleted = owner, owner, gone
    for event in pull_request.events:
        event.actor = owner


def _outside_milestones(pull_request: PullRequest, branch: str) -> None:
    pull_request.branch, pull_request.milestone = branch, None
    pull_request.events = [event for event in pull_request.events if event.kind != "milestoned"]
