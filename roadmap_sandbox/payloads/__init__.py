"""Builders for the payloads of GitHub's REST API (2022-11-28) in their full shapes.

Belongs here: which fields an object has and which URLs it names. What the values are belongs to the simulated
organisation, what happens to an object later to the simulator. Every API URL starts with ``API_ROOT``, every page's
with ``HTML_ROOT``. Times may be given as aware datetimes or as the API's own strings.

Nested payloads (repository, user, milestone, labels) are put in as they are, not copied: build each once and share it,
since a run with its own copy of its repository takes ten times the memory. Nothing may be changed in a payload after
it was handed on.
"""

from roadmap_sandbox.payloads.actions import (
    annotation,
    job,
    merge_queue_branch,
    run_pull_request,
    step,
    workflow,
    workflow_run,
)
from roadmap_sandbox.payloads.apps import github_app, installation
from roadmap_sandbox.payloads.basics import Time, node_id, node_id_within, timestamp
from roadmap_sandbox.payloads.commits import commit, head_commit
from roadmap_sandbox.payloads.issues import comment, issue, issue_event, label, milestone
from roadmap_sandbox.payloads.pull_requests import pull_request, pull_request_file
from roadmap_sandbox.payloads.repositories import minimal_repository, repository, user

__all__ = [
    "Time",
    "annotation",
    "comment",
    "commit",
    "github_app",
    "head_commit",
    "installation",
    "issue",
    "issue_event",
    "job",
    "label",
    "merge_queue_branch",
    "milestone",
    "minimal_repository",
    "node_id",
    "node_id_within",
    "pull_request",
    "pull_request_file",
    "repository",
    "run_pull_request",
    "step",
    "timestamp",
    "user",
    "workflow",
    "workflow_run",
]
