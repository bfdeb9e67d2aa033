"""The times at which each step of a job began and ended: payloads and logs both follow it."""

from dataclasses import dataclass

from .causes import CAUSES
from .records import Job
from .workflows import Step

_SETUP = Step("setup", "Set up job", "", 2)


@dataclass(frozen=True, slots=True)
class StepTime:
    """A step of one job: its times in seconds; no conclusion while it runs, waits, or when its runner died."""

    number: int
    step: Step
    status: str
    conclusion: str | None
    started_at: int | None
    completed_at: int | None


def step_times(job: Job, now: int) -> list[StepTime]:
    """Return the steps of a job that a runner took, in order; none otherwise. ``now`` is when one looks."""
    if job.runner == 0 or job.conclusion == "skipped":
        return []
    steps = (_SETUP, *job.spec.steps)
    end = job.completed_at if job.completed_at is not None else now
    last = len(steps) - 1
    if job.failure is not None:
        role = CAUSES[job.failure.cause].role
        last = max((index for index, step in enumerate(steps) if step.role == role), default=last)
    stopped = job.conclusion not in ("success", "failure", "neutral") and job.failure is None
    before = sum(step.seconds for step in steps[:last])
    # What ran before the last step takes its usual time, or less where the whole job was shorter.
    scale = 1.0 if stopped else min(1.0, 0.8 * (end - job.started_at) / max(1, before))
    times: list[StepTime] = []
    at, over = job.started_at, False
    for index, step in enumerate(steps):
        done = at + int(step.seconds * scale) if index < last or stopped else max(at, end - 1)
        if over:
            waits = job.status != "completed" or job.lost
            status, conclusion = ("queued", None) if waits else ("completed", "skipped")
            times.append(StepTime(index + 1, step, status, conclusion, None if waits else at, None if waits else at))
        elif stopped and done >= end:
            over = True
            running = job.status != "completed"
            times.append(
                StepTime(
                    index + 1,
                    step,
                    "in_progress" if running else "completed",
                    None if running else "cancelled",
                    at,
                    None if running else end,
                )
            )
            at = end
        elif index == last and job.failure is not None:
            over = True
            if job.lost:
                times.append(StepTime(index + 1, step, "in_progress", None, at, None))
            else:
                conclusion = "cancelled" if job.conclusion == "cancelled" else "failure"
                times.append(StepTime(index + 1, step, "completed", conclusion, at, done))
            at = done
        else:
            times.append(StepTime(index + 1, step, "completed", "success", at, done))
            at = done
    if job.status == "completed" and not job.lost:
        # Numbers have a gap before what the runner does after the steps of the file.
        number = 2 * len(steps)
        for name, done in (("Post Run actions/checkout@v5", at), ("Complete job", max(at, end))):
            times.append(StepTime(number, Step("post", name, "", 1), "completed", "success", at, done))
            number += 1
    return times
