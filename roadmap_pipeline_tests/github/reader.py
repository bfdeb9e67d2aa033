"""An ingest in a process of its own, which a test can kill: ``python -m …reader URL FILE REPO TOKEN NOW BULK``."""

import subprocess
import sys
from datetime import datetime

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.ingest.bulk_jobs import FEWEST_RUNS
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect


def start(base_url, path, repo, token, now, *, bulk_from=FEWEST_RUNS):
    """Start it; the process ends with 0 when everything was read."""
    command = [sys.executable, "-m", __name__, base_url, str(path), repo, token, now.isoformat(), str(bulk_from)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def main(base_url, path, repo, token, now, bulk_from):
    client = GitHubClient(token, base_url=base_url, points_per_minute=None)
    with connect(path) as con:
        at = datetime.fromisoformat(now)
        options = {"passing_logs": 20, "cancelled_jobs": 20, "bulk_from": int(bulk_from)}
        ingest(client, con, [repo], history_days=400, now=at, **options)
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
