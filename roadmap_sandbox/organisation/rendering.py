"""Turns the records of a finished simulation into the payloads of the API.

Belongs here: ids and numbers, and which record becomes which payload. The shapes themselves are those of
``roadmap_sandbox.payloads``; what happened is decided before.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha1
from itertools import count

from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent, Payload

from .causes import CAUSES
from .code_owners import FILES
from .people import ORGANISATION, Person, Repository
from .records import DAY, Commit, Issue, Item, ItemEvent, Job, Milestone, PullRequest, Run, own_commits
from .steps import step_times
from .truth import iso

_FOUNDED = "2022-03-07T09:12:44Z"
_LABELS = {
    "bug": ("d73a4a", "Something is wrong"),
    "enhancement": ("a2eeef", "Something new"),
    "documentation": ("0075ca", "Words and pictures"),
    "dependencies": ("0366d6", "Updates what this is made of"),
    "flaky": ("fbca04", "Fails now and then"),
    "tracking": ("5319e7", "Stands for a whole milestone"),
    "status: planned": ("ededed", "Nobody works on it yet"),
    "status: in progress": ("0e8a16", "Somebody works on it"),
    "status: blocked": ("b60205", "Waits for something else"),
    "milestone: Stage 7.2": ("c5def5", "Belongs to Stage 7.2"),
}


def give_numbers(runs: Sequence[Run], items: Sequence[Item], milestones: Sequence[Milestone]) -> None:
    """Give ids and numbers to everything that happened, over all repositories, in the order of time."""
    run_ids, job_ids = count(20_480_000_137, 311), count(57_200_000_419, 173)
    numbers: dict[tuple[str, str], count[int]] = {}
    for run in sorted(runs, key=lambda run: (run.created_at, run.repository.name)):
        repository = run.repository
        key = (repository.name, run.workflow.path)
        run.id = next(run_ids)
        run.number = next(numbers.setdefault(key, count(repository.first_run)))
    attempts = [(attempt.started_at, run.id, attempt) for run in runs for attempt in run.attempts]
    for _, _, attempt in sorted(attempts, key=lambda each: each[:2]):
        for job in attempt.jobs:
            job.id = next(job_ids)
    item_ids, event_ids = count(2_910_000_071, 97), count(19_400_000_233, 211)
    item_numbers: dict[str, count[int]] = {}
    for item in sorted(items, key=lambda item: (item.created_at, item.repository.name, item.title)):
        item.id = next(item_ids)
        item.number = next(item_numbers.setdefault(item.repository.name, count(item.repository.first_number)))
    events = [(event.time, item.id, event) for item in items for event in item.events]
    for _, _, event in sorted(events, key=lambda each: each[:2]):
        event.id = next(event_ids)
    for position, milestone in enumerate(sorted(milestones, key=lambda each: each.created_at)):
        milestone.id = 12_400_019 + 53 * position
    by_repository: dict[str, int] = defaultdict(int)
    for milestone in sorted(milestones, key=lambda each: each.created_at):
        by_repository[milestone.repository.name] += 1
        milestone.number = by_repository[milestone.repository.name]


class Renderer:
    """A writer of repositories into ``content``; ``end`` is the clock in seconds."""

    def __init__(self, content: GitHubContent, end: int) -> None:
        self._content, self._end = content, end
        self._users: dict[str, Payload] = {}
        self._forks: dict[str, tuple[Payload, Payload]] = {}
        self._label_ids, self._comment_ids = count(7_500_000_011, 29), count(3_400_000_017, 41)

    def user(self, person: Person) -> Payload:
        """Return the one payload that an account has."""
        if person.login not in self._users:
            self._users[person.login] = payloads.user(person.login, person.id, type=person.type)
        return self._users[person.login]

    def add(
        self, repository: Repository, runs: Sequence[Run], items: Sequence[Item], milestones: Sequence[Milestone]
    ) -> None:
        """Add a repository with everything in it; ids and numbers are given."""
        content, name = self._content, repository.full_name
        last_push = max((run.commit.time for run in runs), default=self._end)
        open_items = sum(item.closed_at is None for item in items)
        owner = self.user(ORGANISATION)
        full = payloads.repository(
            name,
            repository.id,
            owner,
            created_at=_FOUNDED,
            updated_at=iso(last_push),
            pushed_at=iso(last_push),
            default_branch=repository.default_branch,
            private=True,
            description=repository.description,
            language=repository.language,
            open_issues=open_items,
        )
        minimal = payloads.minimal_repository(
            name, repository.id, owner, private=True, description=repository.description
        )
        content.repositories[name] = full
        labels = {
            label: payloads.label(full, id=next(self._label_ids), name=label, color=color, description=description)
            for label, (color, description) in _LABELS.items()
            if label != "milestone: Stage 7.2" or repository.name == "payments"
        }
        content.labels[name] = list(labels.values())
        content.files[name] = FILES.get(repository.name, {})
        shelves = {each.number: self._milestone(full, each, items) for each in milestones}
        content.milestones[name] = list(shelves.values())
        content.issues[name], content.pull_requests[name] = [], []
        by_number: dict[int, Payload] = {}
        for item in sorted(items, key=lambda item: item.number):
            shelf = None if item.milestone is None else shelves[item.milestone.number]
            tags = [labels[label] for label in item.labels]
            if isinstance(item, PullRequest):
                by_number[item.number] = payload = self._pull_request(full, item, shelf, tags)
                content.pull_requests[name].append(payload)
                if item.merged_at is not None and item.head is not None:
                    content.pull_request_files[name, item.number] = _files(full, item, item.head)
            elif isinstance(item, Issue):
                content.issues[name].append(self._issue(full, item, shelf, tags))
            self._comments(full, item)
        content.commits[name] = [
            self._commit(full, item, commit)
            for item in sorted(items, key=lambda item: item.number)
            if isinstance(item, PullRequest)
            for commit in own_commits(item)
        ]
        content.issue_events[name] = self._events(full, items)
        ordered = sorted(runs, key=lambda run: run.id)
        content.runs[name] = [payload for run in ordered for payload in self._run(minimal, run, by_number)]
        content.jobs[name] = [payload for run in ordered for payload in self._jobs(minimal, run)]
        for run in ordered:
            self._annotate(full, run)

    def _milestone(self, repository: Payload, milestone: Milestone, items: Iterable[Item]) -> Payload:
        inside = [item for item in items if item.milestone is milestone]
        changes = [event.time for item in inside for event in item.events]
        updated = max([milestone.created_at, *changes, milestone.closed_at or 0])
        return payloads.milestone(
            repository,
            id=milestone.id,
            number=milestone.number,
            title=milestone.title,
            creator=self.user(milestone.creator),
            created_at=iso(milestone.created_at),
            updated_at=iso(updated),
            state="open" if milestone.closed_at is None else "closed",
            description=milestone.description,
            due_on=_iso(milestone.due_on),
            closed_at=_iso(milestone.closed_at),
            open_issues=sum(item.closed_at is None for item in inside),
            closed_issues=sum(item.closed_at is not None for item in inside),
        )

    def _issue(self, repository: Payload, issue: Issue, shelf: Payload | None, labels: list[Payload]) -> Payload:
        closers = [event.actor for event in issue.events if event.kind == "closed"]
        return payloads.issue(
            repository,
            id=issue.id,
            number=issue.number,
            title=issue.title,
            user=self.user(issue.author),
            created_at=iso(issue.created_at),
            updated_at=iso(_updated(issue)),
            body=issue.body,
            state="open" if issue.closed_at is None else "closed",
            state_reason=issue.state_reason,
            closed_at=_iso(issue.closed_at),
            closed_by=self.user(closers[-1]) if closers and issue.closed_at is not None else None,
            labels=labels,
            milestone=shelf,
            comments=len(issue.comments),
        )

    def _pull_request(
        self, repository: Payload, item: PullRequest, shelf: Payload | None, labels: list[Payload]
    ) -> Payload:
        if item.head is None or item.base is None:
            raise ValueError(f"pull request {item.number} of {repository['full_name']} has no commit")
        merge = (
            item.merge_commit.sha
            if item.merge_commit is not None
            else sha1(f"test merge of {item.head.sha}".encode(), usedforsecurity=False).hexdigest()
        )
        body = item.body
        if item.named_run is not None:
            body = f"{body}\n\nAuto-Fix-For: {item.named_run.id}".strip()
        return payloads.pull_request(
            repository,
            id=item.id,
            number=item.number,
            title=item.title,
            user=self.user(item.author),
            head_ref=item.branch,
            head_sha=item.head.sha,
            base_ref=item.repository.default_branch,
            base_sha=item.base.sha,
            created_at=iso(item.created_at),
            updated_at=iso(_updated(item)),
            body=body,
            state="open" if item.closed_at is None else "closed",
            closed_at=_iso(item.closed_at),
            merged_at=_iso(item.merged_at),
            merge_commit_sha=merge,
            head_repository=None if item.fork is None else self._fork(item.repository, item.fork)[1],
            fork_is_gone=item.fork_deleted,
            labels=labels,
            milestone=shelf,
            draft=item.draft,
            author_association="MEMBER" if item.fork is None and not item.author.is_bot else "CONTRIBUTOR",
        )

    def _commit(self, repository: Payload, item: PullRequest, commit: Commit) -> Payload:
        parent = item.base if commit.parent is None else commit.parent
        return payloads.commit(
            repository,
            commit.sha,
            message=_message(commit),
            author=self.user(commit.author),
            author_name=commit.author.name,
            email=commit.author.email,
            at=iso(commit.time),
            parents=[] if parent is None else [parent.sha],
        )

    def _fork(self, repository: Repository, owner: Person) -> tuple[Payload, Payload]:
        """Return the fork as minimal and as full repository."""
        name = f"{owner.login}/{repository.name}"
        if name not in self._forks:
            id = repository.id + owner.id
            minimal = payloads.minimal_repository(name, id, self.user(owner), fork=True)
            full = payloads.repository(
                name, id, self.user(owner), created_at=_FOUNDED, updated_at=_FOUNDED, pushed_at=_FOUNDED, fork=True
            )
            self._forks[name] = minimal, full
        return self._forks[name]

    def _comments(self, repository: Payload, item: Item) -> None:
        if item.comments:
            self._content.comments[repository["full_name"], item.number] = [
                payloads.comment(
                    repository,
                    id=next(self._comment_ids),
                    number=item.number,
                    user=self.user(author),
                    body=text,
                    created_at=iso(time),
                    on_pull_request=isinstance(item, PullRequest),
                )
                for time, author, text in item.comments
            ]

    def _events(self, repository: Payload, items: Iterable[Item]) -> list[Payload]:
        events = [(event, item) for item in items for event in item.events]
        return [
            payloads.issue_event(
                repository,
                id=event.id,
                number=item.number,
                event=event.kind,
                actor=self.user(event.actor),
                created_at=iso(event.time),
                commit_id=None if event.commit is None else event.commit.sha,
                details=_event_details(event),
            )
            for event, item in sorted(events, key=lambda pair: pair[0].id)
        ]

    def _run(self, repository: Payload, run: Run, by_number: dict[int, Payload]) -> list[Payload]:
        linked: list[Payload] = []
        item = run.pull_request
        head = repository
        if item is not None and item.fork is not None:
            head = self._fork(run.repository, item.fork)[0]
        elif item is not None and run.event == "pull_request":
            linked = [payloads.run_pull_request(by_number[item.number])]
        if run.foreign_pull_request:
            linked.insert(0, _foreign(linked[0]))
        commit = payloads.head_commit(
            run.commit.sha,
            message=_message(run.commit),
            at=iso(run.commit.time),
            author=run.commit.author.name,
            email=run.commit.author.email,
        )
        return [
            payloads.workflow_run(
                repository,
                id=run.id,
                run_number=run.number,
                workflow_id=run.workflow.id,
                name=run.workflow.name,
                path=run.workflow.path,
                head_branch=branch_name(run),
                head_sha=run.commit.sha,
                event=run.event,
                status=attempt.status,
                conclusion=attempt.conclusion,
                created_at=iso(run.created_at),
                updated_at=iso(self._touched(run, attempt.completed_at)),
                actor=self.user(run.actor),
                display_title=_title(run),
                run_attempt=attempt.number,
                run_started_at=iso(attempt.started_at),
                triggering_actor=self.user(attempt.triggering_actor),
                head_repository=head,
                head_commit=commit,
                pull_requests=linked,
            )
            for attempt in run.attempts
        ]

    def _touched(self, run: Run, completed: int | None) -> int:
        """Move ``updated_at`` of some runs days past their end, as GitHub does: it is no finish time."""
        if completed is None:
            return self._end
        later = completed + 3 * DAY + run.id % 7000
        return later if run.id % 29 == 0 and later < self._end else completed

    def _jobs(self, repository: Payload, run: Run) -> list[Payload]:
        branch = branch_name(run)
        return [
            payloads.job(
                repository,
                id=job.id,
                run_id=run.id,
                name=job.name,
                workflow_name=run.workflow.name,
                head_branch=branch,
                head_sha=run.commit.sha,
                status=job.status,
                conclusion=job.conclusion,
                created_at=iso(job.created_at),
                started_at=iso(job.started_at),
                completed_at=_iso(job.completed_at),
                run_attempt=attempt.number,
                steps=self._steps(job),
                labels=(job.spec.label,),
                runner_id=job.runner or None,
                runner_name=f"GitHub Actions {job.runner}" if job.runner else None,
            )
            for attempt in run.attempts
            for job in attempt.jobs
        ]

    def _annotate(self, repository: Payload, run: Run) -> None:
        """Note what GitHub notes at jobs that were stopped while they ran: the time limit, or no more than that."""
        for job in (job for attempt in run.attempts for job in attempt.jobs if job.conclusion == "cancelled"):
            if job.runner:
                cause_lines = [] if job.failure is None else CAUSES[job.failure.cause].lines(job.failure.detail, "")
                self._content.annotations[job.id] = [
                    payloads.annotation(repository, head_sha=run.commit.sha, message=text.removeprefix("##[error]"))
                    for text in (*cause_lines, "The operation was canceled.")
                ]

    def _steps(self, job: Job) -> list[Payload]:
        return [
            payloads.step(
                each.number,
                each.step.name,
                status=each.status,
                conclusion=each.conclusion,
                started_at=_iso(each.started_at),
                completed_at=_iso(each.completed_at),
            )
            for each in step_times(job, self._end)
        ]


def branch_name(run: Run) -> str:
    """Return the head branch as GitHub names it; the queue's branches hold the number of the pull request."""
    if run.event == "merge_group" and run.pull_request is not None and run.commit.parent is not None:
        return f"gh-readonly-queue/main/pr-{run.pull_request.number}-{run.commit.parent.sha}"
    return run.branch


def _iso(time: int | None) -> str | None:
    return None if time is None else iso(time)


def _updated(item: Item) -> int:
    times = [item.created_at, *(event.time for event in item.events), *(time for time, _, _ in item.comments)]
    if isinstance(item, PullRequest) and item.head is not None and item.closed_at is None:
        times.append(item.head.time)
    return max(times)


def _message(commit: Commit) -> str:
    number = "" if commit.pull_request is None else f" (#{commit.pull_request.number})"
    body = f"\n\n{commit.body}" if commit.body else ""
    return f"{commit.title}{number}{body}"


def _title(run: Run) -> str:
    if run.event in ("schedule", "workflow_dispatch"):
        return run.workflow.name
    if run.pull_request is not None:
        return run.pull_request.title
    return _message(run.commit).split("\n")[0]


def _event_details(event: ItemEvent) -> Payload:
    if event.kind in ("labeled", "unlabeled") and event.value is not None:
        return {"label": {"name": event.value, "color": _LABELS[event.value][0]}}
    if event.kind in ("milestoned", "demilestoned"):
        return {"milestone": {"title": event.value}}
    return {}


def _files(repository: Payload, item: PullRequest, head: Commit) -> list[Payload]:
    files = []
    for path in item.files:
        digest = sha1(f"{head.sha}/{path}".encode(), usedforsecurity=False).hexdigest()
        size = int(digest[:4], 16)
        files.append(
            payloads.pull_request_file(
                repository,
                path,
                head_sha=head.sha,
                status="added" if size % 5 == 0 else "modified",
                additions=1 + size % 90,
                deletions=0 if size % 5 == 0 else size % 37,
                sha=digest,
            )
        )
    return files


def _foreign(own: Payload) -> Payload:
    """Return an entry for a pull request of somebody else's repository whose head is the same commit."""
    name, id = "quietfern/payments-experiments", 733_000_909
    url = f"{own['url'].split('/repos/')[0]}/repos/{name}"
    base = {"ref": "main", "sha": own["base"]["sha"], "repo": {"id": id, "url": url, "name": name.split("/")[1]}}
    return {"url": f"{url}/pulls/3", "id": 2_077_000_003, "number": 3, "head": own["head"], "base": base}
