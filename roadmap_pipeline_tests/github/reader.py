"""An ingest in a process of its own, which a test can kill: ``python -m …reader URL FILE REPO TOKEN NOW``."""

import subprocess
import sys
from datetime import datetime

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline.github.ingest.repositories import ingest
from roadmap_pipeline.warehouse.connection import connect


def start(base_url, path, repo, token, now):
    """Start it; the process ends with 0 when everything was read."""
    command = [sys.executable, "-m", __name__, base_url, str(path), repo, token, now.isoformat()]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def main(base_url, path, repo, token, now):
    client = GitHubClient(token, base_url=base_url, points_per_minute=None)
    with connect(path) as con:
        at = datetime.fromisoformat(now)
        ingest(client, con, [repo], history_days=400, now=at, passing_logs=20, cancelled_jobs=20)
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
