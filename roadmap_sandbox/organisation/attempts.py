"""A run's only attempt as it goes when nothing is left to chance: each job takes the usual time.

Belongs here: making it for what is added to a finished history. The attempts of the simulation are ``ci``'s.
"""

from .records import Attempt, Job, Run


def attempt_of(run: Run) -> Attempt:
    """Return an attempt in which the jobs fail whose failure the tested tree holds; what needs them is skipped."""
    start, jobs = run.created_at, dict[str, Job]()
    for spec in run.workflow.jobs:
        needed = [jobs[name] for name in spec.needs]
        created = max((job.completed_at or start for job in needed), default=start) + 2
        failure = run.tree.get((run.workflow.path, spec.name))
        is_unneeded = spec.condition in ("main", "changes") and failure is None
        if any(job.conclusion != "success" for job in needed) or is_unneeded:
            jobs[spec.name] = Job(spec, 1, created, created, created, "completed", "skipped")
            continue
        end = created + 6 + sum(step.seconds for step in spec.steps)
        job = Job(spec, 1, created, created + 5, end, "completed", "success", runner=7)
        if failure is not None:
            job.conclusion, job.failure = "failure", failure
        jobs[spec.name] = job
    end = max(job.completed_at or start for job in jobs.values())
    failed = any(job.conclusion == "failure" for job in jobs.values())
    return Attempt(1, run.actor, start, end + 1, "completed", "failure" if failed else "success", list(jobs.values()))
