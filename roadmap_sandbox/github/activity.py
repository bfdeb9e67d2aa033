"""Events on GitHub that the client doesn't ask for: runs go on, people edit, owners rename.

Belongs here: changes that a test or a scenario makes there, in the name of somebody else or of nobody. They are
no requests: journal, limits and faults don't see them, and they are not kept over a restart.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from roadmap_sandbox import payloads
from roadmap_sandbox.content import API_ROOT, HTML_ROOT, Payload
from roadmap_sandbox.errors import SandboxError
from roadmap_sandbox.github import actions, lifecycle
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.store import Store

_HIDDEN = Literal["abuse", "duplicate", "off-topic", "outdated", "resolved", "spam"]


class SimulatedActivity:
    """The hands of everybody else. Repositories are given by ``owner/name``.

    Raises:
        SandboxError: there is no such repository, run, issue, pull request or comment.
    """

    def __init__(self, store: Store, lock: AbstractContextManager[Any]) -> None:
        self._store = store
        self._lock = lock

    def _records(self, full_name: str) -> RepositoryRecords:
        records = self._store.repository(full_name)
        if records is None:
            raise SandboxError(f"the simulated GitHub has no repository {full_name}: name one of its content")
        return records

    def _found(self, table: Mapping[int, Payload], key: int, kind: str) -> Payload:
        if key not in table:
            raise SandboxError(f"the simulated GitHub has no {kind} {key} there: name one of its content")
        return table[key]

    def put_run(self, full_name: str, run: Payload, jobs: Sequence[Payload] = ()) -> None:
        """Add an attempt of a run, or replace it, with its jobs."""
        with self._lock:
            records = self._records(full_name)
            for job in jobs:
                lifecycle.put_job(self._store, records, job)
            lifecycle.put(self._store, records, run)

    def start_run(self, full_name: str, run_id: int) -> None:
        """Begin a queued run and its jobs."""
        with self._lock:
            lifecycle.start(self._store, self._with_run(full_name, run_id), run_id)

    def complete_run(
        self, full_name: str, run_id: int, conclusion: str = "success", jobs: Mapping[str, str] | None = None
    ) -> None:
        """End a run, its open jobs with the same conclusion or with their own in ``jobs``, by name."""
        with self._lock:
            lifecycle.complete(self._store, self._with_run(full_name, run_id), run_id, conclusion, jobs)

    def rerun(self, full_name: str, run_id: int, *, failed_only: bool = False, actor: Payload | None = None) -> None:
        """Run a completed run again in somebody's name, however old it is."""
        with self._lock:
            records = self._with_run(full_name, run_id)
            run = records.runs[run_id]
            jobs = lifecycle.failed_jobs(records, run) if failed_only else None
            lifecycle.rerun(self._store, records, run, actor or run.get("actor") or self._store.viewer, jobs)

    def delete_run(self, full_name: str, run_id: int) -> None:
        """Delete a run, whatever its status."""
        with self._lock:
            self._records(full_name).delete_run(run_id)

    def change_default_branch(self, full_name: str, branch: str) -> None:
        """Make another branch the default one, as an owner; runs of the former one keep its name."""
        with self._lock:
            records = self._records(full_name)
            changed = {**records.payload, "default_branch": branch, "updated_at": self._store.now()}
            records.payload = changed

    def change_workflow(self, full_name: str, workflow_id: int, **changes: Any) -> None:
        """Disable, delete, enable or rename a workflow: fields of its payload, such as ``state``.

        With no field the list doesn't name it any more; then all are needed for it to come back.
        """
        with self._lock:
            records = self._records(full_name)
            known = {workflow["id"]: workflow for workflow in actions.workflows(records)}
            workflow = records.workflows.get(workflow_id) or known.get(workflow_id, {})
            records.workflows[workflow_id] = {**workflow, "updated_at": self._store.now(), **changes} if changes else {}

    def _with_run(self, full_name: str, run_id: int) -> RepositoryRecords:
        records = self._records(full_name)
        if records.runs.latest(run_id) is None:
            raise SandboxError(f"{full_name} has no run {run_id}: put it there first")
        return records

    def put_annotations(self, job_id: int, annotations: Sequence[Payload]) -> None:
        """Give a job these annotations, and no others."""
        with self._lock:
            self._store.annotations[job_id] = list(annotations)

    def expire_logs(self, *job_ids: int) -> None:
        """Let the logs of these jobs be past their days."""
        with self._lock:
            self._store.expired_logs.update(job_ids)

    def put_pull_request(self, full_name: str, pull: Payload) -> None:
        """Open a pull request, or replace it as a push or a merge does."""
        with self._lock:
            records = self._records(full_name)
            before = records.pulls.get(pull["number"])
            records.put_pull(pull)
            action = "opened" if before is None else "synchronize"
            if before is not None and before["state"] != pull["state"]:
                action = "closed" if pull["state"] == "closed" else "reopened"
            self._store.tell_of_issue(records, pull["number"], action, pull["user"])

    def put_commit(self, full_name: str, commit: Payload) -> None:
        """Add a commit, as a push does before anything names it."""
        with self._lock:
            self._records(full_name).put_commit(commit)

    def delete_fork(self, full_name: str, number: int) -> None:
        """Delete the repository that a pull request comes from: its ``head.repo`` is null from now on."""
        with self._lock:
            records = self._records(full_name)
            pull = self._found(records.pulls, number, "pull request")
            records.pulls[number] = {**pull, "head": {**pull["head"], "repo": None}}

    def edit_comment(self, full_name: str, comment_id: int, body: str, editor: Payload | None = None) -> None:
        """Change a comment as a maintainer, be it whose it may."""
        with self._lock:
            records = self._records(full_name)
            comment = self._found(records.comments, comment_id, "comment")
            records.comments[comment_id] = {**comment, "body": body, "updated_at": self._store.now()}
            self._tell_of_comment(records, comment_id, "edited", editor)

    def delete_comment(self, full_name: str, comment_id: int, editor: Payload | None = None) -> None:
        """Delete a comment as a maintainer."""
        with self._lock:
            records = self._records(full_name)
            self._found(records.comments, comment_id, "comment")
            self._tell_of_comment(records, comment_id, "deleted", editor)
            number = records.delete_comment(comment_id)
            issue = records.issues[number]
            records.put_issue({**issue, "comments": issue["comments"] - 1, "updated_at": self._store.now()})

    def minimize_comment(self, full_name: str, comment_id: int, reason: _HIDDEN | None = "outdated") -> None:
        """Hide a comment as a maintainer, or with None show it again. It can be read and edited as before."""
        with self._lock:
            records = self._records(full_name)
            comment = self._found(records.comments, comment_id, "comment")
            minimized = None if reason is None else {"reason": reason}
            records.comments[comment_id] = {**comment, "minimized": minimized}

    def _tell_of_comment(
        self, records: RepositoryRecords, comment_id: int, action: str, editor: Payload | None
    ) -> None:
        comment = records.comments[comment_id]
        issue = records.issue(records.issue_number_of(comment))
        actor = editor or records.payload["owner"]
        self._store.notify(records, "issue_comment", action, actor, {"issue": issue, "comment": comment})

    def change_issue(self, full_name: str, number: int, actor: Payload | None = None, **changes: Any) -> None:
        """Change an issue or pull request as a maintainer; fields as ``Store.change_issue`` takes them."""
        with self._lock:
            records = self._records(full_name)
            self._found(records.issues, number, "issue")
            self._store.change_issue(records, number, actor or records.payload["owner"], changes)

    def lock_issue(self, full_name: str, number: int, reason: str | None = None, actor: Payload | None = None) -> None:
        """Lock the conversation as a maintainer."""
        self.change_issue(full_name, number, actor, locked=True, active_lock_reason=reason)

    def delete_issue(self, full_name: str, number: int) -> None:
        """Delete an issue with its comments as an administrator: it answers 410 from now on."""
        with self._lock:
            records = self._records(full_name)
            self._found(records.issues, number, "issue")
            records.delete_issue(number)
            records.deleted_issues.add(number)

    def transfer_issue(self, full_name: str, number: int, target: str) -> int:
        """Move an issue to another repository; gives its number there. The old address answers 301."""
        with self._lock:
            records, other = self._records(full_name), self._records(target)
            issue = self._found(records.issues, number, "issue")
            moved = payloads.issue(
                other.payload,
                id=issue["id"],
                number=other.next_number(),
                title=issue["title"],
                user=issue["user"],
                body=issue["body"],
                state=issue["state"],
                closed_at=issue["closed_at"],
                created_at=issue["created_at"],
                updated_at=self._store.now(),
                assignees=issue["assignees"],
            )
            records.delete_issue(number)
            other.put_issue(moved)
            records.transferred_issues[number] = f"{API_ROOT}/repositories/{other.id}/issues/{moved['number']}"
            return int(moved["number"])

    def archive(self, full_name: str, *, archived: bool = True) -> None:
        """Archive a repository as its owner, which can only be read from then on, or take that back."""
        with self._lock:
            records = self._records(full_name)
            records.payload = {**records.payload, "archived": archived}

    def rename(self, full_name: str, new_full_name: str, owner: Payload | None = None) -> None:
        """Give a repository another name, or with another ``owner`` transfer it. The former name answers 301."""
        with self._lock:
            records = self._records(full_name)
            payload, name = records.payload, new_full_name.partition("/")[2]
            made = payloads.minimal_repository(new_full_name, records.id, owner or payload["owner"])
            page = f"{HTML_ROOT}/{new_full_name}"
            addresses = {field: value for field, value in made.items() if field.endswith("url")}
            addresses |= {"git_url": f"git://github.com/{new_full_name}.git", "svn_url": page}
            addresses |= {"ssh_url": f"git@github.com:{new_full_name}.git", "clone_url": f"{page}.git"}
            addresses = {field: value for field, value in addresses.items() if field in payload}
            renamed = {**payload, **addresses, "name": name, "full_name": new_full_name, "owner": made["owner"]}
            self._store.rename(records, renamed)
            self._store.notify(records, "repository", "renamed" if owner is None else "transferred", made["owner"], {})
