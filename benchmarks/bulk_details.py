"""Reading in bulk what takes REST a request each: files of 5,000 pull requests, annotations of 5,000 jobs.

    python benchmarks/bulk_details.py

Both readings ask the same simulator, in this process; both must store the same. Only requests and points are counted.
"""

import argparse
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from measuring import table
from serving import CLOCK, REPO, Maker

COUNT = 5_000
FILES, ANNOTATIONS = 8, 3
NOUNS = {"files": "files of merged pull requests", "annotations": "annotations of failed jobs"}
"""By a word of the walks that read them."""
COMPARED = (
    "select number, changed_files from raw.pull_requests order by number",
    "select job_id, annotations, redactions from raw.job_logs order by job_id",
)
NEITHER = (
    ("pull requests, issues, events", "REST gives 100 a request, free while nothing is new; GraphQL's never are"),
    ("logs", "GraphQL has none"),
    ("commits of pull requests", "only of those on which a run failed and none followed: few"),
    ("comments", "only of pull requests whose comment is about to change: few, and written to right after"),
)
"""The things that stay with REST, and the reason."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory(prefix="roadmap-benchmark-") as folder:
        by_rest, in_bulk = readings(count, Path(folder))
    print("## Files and annotations in bulk\n")
    print(
        f"{count:,} merged pull requests of {FILES} files, {count:,} failed jobs whose logs are gone, with"
        f" {ANNOTATIONS} annotations each. Both readings store the same.\n"
    )
    rows = [
        [noun, f"{by_rest[word][0]:,}", f"{in_bulk[word][0]:,}", f"{in_bulk[word][1]:,}"]
        for word, noun in NOUNS.items()
    ]
    print(table(["what", "by REST: charged", "in bulk: charged", "in bulk: points of GraphQL"], rows))
    print("\nWhat stays with REST:\n")
    print(table(["what", "why"], [list(row) for row in NEITHER]))


def readings(count: int, folder: Path) -> list[dict[str, tuple[int, int]]]:
    """Return charged requests and points by kind, of a reading by REST alone and of one in bulk."""
    from roadmap_pipeline.warehouse.connection import connect
    from roadmap_sandbox.github.app import create_app
    from roadmap_sandbox.github.state import GitHubState
    from roadmap_sandbox.server import Server

    state = GitHubState(content(count), rate_limit=None)
    note(state, count)
    measured, stored = [], []
    with Server(create_app(state)) as server:
        for name, bulk_from in (("rest", None), ("bulk", 10**9)):
            path = folder / f"{name}.duckdb"
            measured.append(read(server.base_url, path, bulk_from))
            with connect(path, read_only=True) as con:
                stored.append([con.execute(query).fetchall() for query in COMPARED])
    assert stored[0] == stored[1], "the two readings differ"
    assert all(len(rows) == count for rows in stored[0]), "something was not read"
    return measured


def read(url: str, path: Path, bulk_from: int | None) -> dict[str, tuple[int, int]]:
    from backfill import Walks

    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.github.ingest.repositories import ingest
    from roadmap_pipeline.progress import reporting
    from roadmap_pipeline.warehouse.connection import connect

    client = GitHubClient("sandbox-github-token", base_url=url, points_per_minute=None)
    walks = Walks(client)
    with connect(path) as con, reporting(walks):
        ingest(client, con, [REPO], history_days=400, now=CLOCK, bulk_from=bulk_from)
    client.close()
    of_kind = {word: [walk for walk in walks.walks if word in walk["name"]] for word in NOUNS}
    return {
        word: (sum(walk["charged"] for walk in found), sum(walk["points"] for walk in found))
        for word, found in of_kind.items()
    }


def content(count: int) -> Any:
    """Return a GitHub of one repository: each run has one job, which failed."""
    from roadmap_sandbox import payloads
    from roadmap_sandbox.content import GitHubContent

    owner = payloads.user("acme", 1, type="Organization")
    times = {"created_at": CLOCK, "updated_at": CLOCK, "pushed_at": CLOCK}
    repository = payloads.repository(REPO, 101, owner, **times)
    made = GitHubContent(clock=CLOCK, viewer=payloads.user("ana", 11), repositories={REPO: repository})
    maker = Maker(payloads, payloads.minimal_repository(REPO, 101, owner), count)
    made.runs[REPO] = [maker.run(number) | {"conclusion": "failure"} for number in range(1, count + 1)]
    made.jobs[REPO] = [
        job | {"conclusion": "failure"} for number in range(1, count + 1) for job in maker.jobs(number, 1)
    ]
    made.expired_logs = {job["id"] for job in made.jobs[REPO]}
    merged_at = CLOCK - timedelta(days=3)
    made.pull_requests[REPO] = [
        payloads.pull_request(
            repository, id=5_000_000 + number, number=number, title=f"Change {number}", user=payloads.user("ana", 11),
            head_ref=f"feature/{number}", head_sha=f"{number:040x}", base_ref="main", base_sha="0" * 40,
            created_at=merged_at, updated_at=merged_at, state="closed", closed_at=merged_at, merged_at=merged_at,
            merge_commit_sha=f"{number:040x}",
        )
        for number in range(1, count + 1)
    ]  # fmt: skip
    for number in range(1, count + 1):
        made.pull_request_files[REPO, number] = [
            payloads.pull_request_file(repository, f"src/{number}/{k}.py", head_sha="a" * 40) for k in range(FILES)
        ]
    return made


def note(state: Any, count: int) -> None:
    """Give each job its annotations."""
    from roadmap_sandbox import payloads

    repository = state.store.repository(REPO)
    for job_id in list(repository.jobs)[:count]:
        state.activity.put_annotations(
            job_id,
            [
                payloads.annotation(repository.payload, head_sha="a" * 40, message=f"It failed, {k}", title="lost")
                for k in range(ANNOTATIONS)
            ],
        )


if __name__ == "__main__":
    main()
