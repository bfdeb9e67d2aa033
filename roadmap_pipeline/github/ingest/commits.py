"""Reading the commits of pull requests whose latest commit no run tested, though a run of theirs had failed.

Belongs here: which pull requests those are, and what is requested. Who made a commit that was tested stands in its run;
what a commit repaired is judged in the SQL models.

A push with a workflow's own token starts no run, and neither does one that asks for none: only the commits themselves
tell a bot's repair from a person's next step. They are requested once for each such latest commit, so a pull request
costs one request, and another one when it has moved on to a commit that again nothing tested.
"""

from collections.abc import Sequence
from functools import partial

from roadmap_pipeline.github.client.client import GitHubError
from roadmap_pipeline.github.ingest.concurrent_requests import PartlyRead
from roadmap_pipeline.github.ingest.read_failures import costs_only_itself
from roadmap_pipeline.github.ingest.repository_reader import RepositoryReader
from roadmap_pipeline.github.payloads import records
from roadmap_pipeline.github.payloads.records import Row
from roadmap_pipeline.progress import Task

LISTED_AT_MOST = 250
"""Commits of a pull request that GitHub lists."""
PULL_REQUESTS_PER_BATCH = 40

# A run that was called off counts where its jobs failed all the same: only of failed ones a log is asked for.
_UNTESTED = """
with tested as (
    select run.* from raw.workflow_runs as run where run.repo = $1
), failed as (
    select run.head_branch as branch, coalesce(run.head_repo, run.repo) as head_repo
    from tested as run
    where run.conclusion in ('failure', 'timed_out', 'startup_failure')
        or (run.conclusion = 'cancelled' and run.run_id in (select log.run_id from raw.job_logs as log))
), known as (
    select one.sha, unnest(one.pull_request_numbers) as number from raw.commits as one where one.repo = $1
)
select pull.number, pull.head_sha
from raw.pull_requests as pull
semi join failed on failed.branch = pull.head_branch and failed.head_repo = pull.head_repo
anti join tested on tested.head_sha = pull.head_sha
anti join known on known.sha = pull.head_sha and known.number = pull.number
where pull.repo = $1 and pull.head_sha is not null and pull.source like 'http%'
order by pull.updated_at desc, pull.number desc
"""


def read_commits(reader: RepositoryReader, progress: Task) -> None:
    """Read the commits of those pull requests for whose latest commit that wasn't done."""
    wanted = reader.store.query(_UNTESTED, [reader.repo])
    progress.expect(len(wanted))
    reader.in_threads(
        lambda pull: _read(reader, *pull),
        wanted,
        lambda commits: reader.store.put({"commits": _joined(commits)}),
        endpoint="commits",
        item=lambda pull: pull[0],
        batch=PULL_REQUESTS_PER_BATCH,
        progress=progress,
    )


def _read(reader: RepositoryReader, number: int, head_sha: str) -> list[Row]:
    """Return the rows of ``raw.commits`` for one pull request, its latest commit among them (in a thread)."""
    path = f"{reader.root}/pulls/{number}/commits"
    make = partial(records.commit_row, pull_requests=[number])
    rows = [row for page in reader.client.pages(path) for row in reader.rows(make, page, path)]
    if head_sha not in {row["sha"] for row in rows}:
        if len(rows) >= LISTED_AT_MOST:
            reader.store.note(
                f"{reader.repo}#{number} has more than {LISTED_AT_MOST} commits, and GitHub lists no others: repairs"
                " among them are not seen, except the latest commit"
            )
        # Beyond the end of the list, or the branch was moved on since it was listed.
        path = f"{reader.root}/commits/{head_sha}"
        try:
            commit = reader.client.get(path).data
        except GitHubError as error:
            if not costs_only_itself(error):
                raise
            raise PartlyRead(rows, error) from error
        rows.append(reader.row(make, commit, path))
    return rows


def _joined(commits: Sequence[Sequence[Row]]) -> list[Row]:
    """Return each commit once, with all its pull requests."""
    joined: dict[str, Row] = {}
    for row in (row for rows in commits for row in rows):
        known = joined.setdefault(row["sha"], row)
        known["pull_request_numbers"] = sorted({*known["pull_request_numbers"], *row["pull_request_numbers"]})
    return list(joined.values())
