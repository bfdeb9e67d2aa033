"""The content of a simulated GitHub when it starts: the API's own payloads, grouped by repository.

The simulated organisation and the replay of recorded payloads both produce this; the simulator serves it. Rules of the
API (paging, limits, errors) belong to the simulator, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Payload = dict[str, Any]

API_ROOT = "https://api.github.com"
"""Every API URL inside a payload starts with this; the simulator answers with its own root in its place."""

HTML_ROOT = "https://github.com"


@dataclass(slots=True)
class GitHubContent:
    """The payloads as the REST API of GitHub (2022-11-28) gives them. All mappings are keyed by ``owner/name``.

    ``runs`` holds one payload per run *attempt* (``id`` and ``run_attempt`` together are unique; the attempt with the
    highest number is the run as lists show it). ``jobs`` holds the jobs of all attempts, with their steps.
    ``workflows`` names those that the runs don't tell of, because they never ran or are switched off. ``logs`` gives a
    job's log by job id; a job without an entry never wrote one. ``annotations`` gives a job's by job id, which is the
    check run's too. ``issues`` are plain issues; the issue view of a pull request is derived from ``pull_requests``
    unless ``issues`` has a record of that number.
    ``files`` holds texts of the default branch by path: no more than what is asked for one by one, as CODEOWNERS.
    ``pull_request_files`` and ``comments`` are keyed by (repository, number). ``commits`` holds those of pull requests;
    one that isn't there is made up from the run or pull request that names it.
    """

    clock: datetime
    """The simulator's time (aware, UTC); it stands still until moved."""
    viewer: Payload
    """The user whom the token belongs to, as a simple user."""
    repositories: dict[str, Payload] = field(default_factory=dict)
    runs: dict[str, list[Payload]] = field(default_factory=dict)
    jobs: dict[str, list[Payload]] = field(default_factory=dict)
    workflows: dict[str, list[Payload]] = field(default_factory=dict)
    logs: Mapping[int, bytes] = field(default_factory=dict)
    expired_logs: set[int] = field(default_factory=set)
    annotations: dict[int, list[Payload]] = field(default_factory=dict)
    pull_requests: dict[str, list[Payload]] = field(default_factory=dict)
    pull_request_files: dict[tuple[str, int], list[Payload]] = field(default_factory=dict)
    commits: dict[str, list[Payload]] = field(default_factory=dict)
    issues: dict[str, list[Payload]] = field(default_factory=dict)
    milestones: dict[str, list[Payload]] = field(default_factory=dict)
    issue_events: dict[str, list[Payload]] = field(default_factory=dict)
    comments: dict[tuple[str, int], list[Payload]] = field(default_factory=dict)
    labels: dict[str, list[Payload]] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
