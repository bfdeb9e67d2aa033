"""The figures of the marts reckoned a second time: in pandas and plain loops, from the simulation's truth and the bare
payloads, by the definitions as they are written down. Nothing here reads the SQL, its tables or the project's parsers.

Belongs here: the reckoning. What is compared with it belongs to the tests.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.organisation.truth import GroundTruth

if TYPE_CHECKING:
    import pandas as pd

GRAINS = ("day", "week", "quarter")
_GATE_EVENTS = ("pull_request", "pull_request_target", "merge_group")
_TOO_LONG = 6 * 3600
_TOLD = "exceeded the maximum execution time"

Figures = dict[str, Any]


@overload
def time(text: str) -> datetime: ...


@overload
def time(text: str | None) -> datetime | None: ...


def time(text: str | None) -> datetime | None:
    """Return a time of a payload or of the truth as naive UTC."""
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=None)


def rows_of(frame: "pd.DataFrame") -> Iterator[Any]:
    """Yield the rows as named tuples, whose fields pandas' own types only know as any scalar."""
    yield from frame.itertuples()


def period(moment: date, grain: str) -> str:
    """Name of the day, ISO week or quarter that ``moment`` falls in."""
    if grain == "day":
        return moment.strftime("%Y-%m-%d")
    if grain == "week":
        year, week, _ = moment.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{moment.year}-Q{(moment.month + 2) // 3}"


def kaplan_meier(closed: Iterable[float], opened: Iterable[float], share: Fraction) -> float | None:
    """Return the time by which ``share`` of the episodes are over; None when that is not reached.

    Walks through the times one by one with exact fractions.
    """
    closed, opened = list(closed), list(opened)
    survival = Fraction(1)
    for hours in sorted(set(closed)):
        at_risk = sum(each >= hours for each in (*closed, *opened))
        survival *= 1 - Fraction(closed.count(hours), at_risk)
        if survival <= 1 - share:
            return hours
    return None


def wilson(passed: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson interval as the roots of (p − θ)² = z² θ (1 − θ) ÷ n."""
    import numpy as np

    p = passed / n
    low, high = sorted(np.roots([1 + z * z / n, -(2 * p + z * z / n), p * p]).real)
    return float(low), float(high)


def newcombe(now: tuple[int, int], before: tuple[int, int]) -> tuple[float, float, float]:
    """Difference of two shares (passed, n) and its interval, Newcombe's method 10."""
    (a, m), (b, n) = now, before
    (low_a, high_a), (low_b, high_b) = wilson(a, m), wilson(b, n)
    p, q = a / m, b / n
    delta = p - q
    return delta, delta - math.hypot(p - low_a, high_b - q), delta + math.hypot(high_a - p, q - low_b)


def trend(now: tuple[int, int], before: tuple[int, int]) -> str:
    """Improving or Degrading: two points or more, certain, and 20 runs in both; else Stable."""
    if min(now[1], before[1]) < 20:
        return "Stable"
    delta, low, high = newcombe(now, before)
    if delta >= 0.02 and low > 0:
        return "Improving"
    return "Degrading" if delta <= -0.02 and high < 0 else "Stable"


def is_service(path: str) -> bool:
    """Return whether GitHub runs the workflow by itself; CodeQL's default set-up and Pages are the repository's."""
    kind, _, rest = path.partition("/")
    return kind == "dynamic" and rest != "github-code-scanning/codeql" and not rest.startswith("pages/")


def ratio(part: float, whole: float) -> float | None:
    """None instead of a division by zero."""
    return part / whole if whole else None


class Reckoning:
    """All figures of one simulated organisation at ``as_of`` (naive UTC)."""

    def __init__(self, content: GitHubContent, truth: GroundTruth, as_of: datetime) -> None:
        self.content = content
        self.truth = truth
        self.as_of = as_of
        self.payloads = {
            (run["id"], run["run_attempt"]): (repo, run) for repo, runs in content.runs.items() for run in runs
        }
        self.job_payloads = {job["id"]: (repo, job) for repo, jobs in content.jobs.items() for job in jobs}

    @cached_property
    def attempts(self) -> "pd.DataFrame":
        """A row an attempt."""
        import pandas as pd

        rows = []
        for each in self.truth.outcomes:
            _, run = self.payloads[each.run_id, each.run_attempt]
            created = time(run["created_at"])
            assert created is not None
            rows.append(
                {
                    "repo": each.repo, "run_id": each.run_id, "attempt": each.run_attempt, "path": each.workflow_path,
                    "outcome": each.outcome, "conclusion": run["conclusion"], "sha": run["head_sha"],
                    "branch": run["head_branch"], "home": (run["head_repository"] or {}).get("full_name"),
                    "event": run["event"], "created": created, "day": created.date(),
                }
            )  # fmt: skip
        frame = pd.DataFrame(rows)
        frame["is_latest"] = frame["attempt"] == frame.groupby("run_id")["attempt"].transform("max")
        frame["is_default"] = (
            (frame["branch"] == "main") & (frame["home"] == frame["repo"]) & ~frame["event"].isin(_GATE_EVENTS)
        )
        newest = frame.groupby(["repo", "path", "branch", "home"], dropna=False)["created"].transform("max")
        green = frame[frame["outcome"] == "pass"].groupby("run_id")["attempt"].max()
        frame["is_superseded"] = (
            (frame["conclusion"] == "cancelled") & (frame["outcome"] == "void") & (newest > frame["created"])
        )
        frame["is_made_green"] = frame["outcome"].isin(["fail", "void"]) & (
            frame["run_id"].map(green).fillna(0) > frame["attempt"]
        )
        return frame

    @cached_property
    def jobs(self) -> "pd.DataFrame":
        """A row a job attempt, with its run's day."""
        import pandas as pd

        failed = {each.job_id for each in self.truth.failed_jobs}
        runs = self.attempts.set_index(["run_id", "attempt"])[["day", "path", "is_made_green", "is_superseded"]]
        rows = []
        for job_id, (repo, job) in self.job_payloads.items():
            created, started, completed = (time(job[f"{name}_at"]) for name in ("created", "started", "completed"))
            seconds = (completed - started).total_seconds() if started and completed else None
            taken = bool(job["runner_name"]) and job["status"] != "queued"
            waited = (started - created).total_seconds() if started and created and taken else None
            rows.append(
                {
                    "repo": repo, "job_id": job_id, "run_id": job["run_id"], "attempt": job["run_attempt"],
                    "name": job["name"], "sha": job["head_sha"], "started": started, "completed": completed,
                    "seconds": seconds,
                    "waited": waited if job["run_attempt"] == 1 else None,
                    "labels": ", ".join(sorted(job["labels"])) or "unknown",
                    "is_timeout": job["conclusion"] == "timed_out"
                    or (job["conclusion"] == "cancelled" and ((seconds or 0) >= _TOO_LONG or self._is_told(job_id))),
                    "outcome": "void" if is_service(self.payloads[job["run_id"], job["run_attempt"]][1]["path"])
                    else "fail" if job_id in failed
                    else "pending" if job["status"] != "completed"
                    else "pass" if job["conclusion"] == "success" else "void",
                }
            )  # fmt: skip
        return pd.DataFrame(rows).join(runs, on=["run_id", "attempt"])

    def _is_told(self, job_id: int) -> bool:
        return any(_TOLD in note["message"] for note in self.content.annotations.get(job_id, ()))

    @cached_property
    def spans(self) -> Mapping[tuple[int, int], float]:
        """Seconds from the first job's start to the last one's end, by attempt."""
        spans = self.jobs.dropna(subset=["started", "completed"]).groupby(["run_id", "attempt"])
        seconds: dict[Any, float] = (spans["completed"].max() - spans["started"].min()).dt.total_seconds().to_dict()
        return seconds

    @cached_property
    def failures(self) -> "pd.DataFrame":
        """A row a failing job attempt, with the category that the truth knows."""
        import pandas as pd

        flaky = self._flaky()
        frame = pd.DataFrame(
            [{"job_id": each.job_id, "category": each.category} for each in self.truth.failed_jobs]
        ).merge(self.jobs, on="job_id")
        keys = zip(frame["repo"], frame["sha"], frame["path"], frame["name"], strict=True)
        frame["is_flaky"] = [key in flaky for key in keys]
        return frame

    def _flaky(self) -> set[tuple[str, str, str, str]]:
        """Jobs (repository, commit, workflow, full name) of which one attempt passed and another one, or another run's,
        failed. All jobs of the name in an attempt are one: it failed when one did."""
        attempts: dict[tuple[str, str, str, str], dict[tuple[int, int], set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )
        for job in rows_of(self.jobs):
            attempts[job.repo, job.sha, job.path, job.name][job.run_id, job.attempt].add(job.outcome)
        together = {
            key: {"fail" if "fail" in outcomes else "pass" if "pass" in outcomes else "" for outcomes in found.values()}
            for key, found in attempts.items()
        }
        return {key for key, outcomes in together.items() if {"pass", "fail"} <= outcomes}

    @cached_property
    def commits(self) -> "pd.DataFrame":
        """A row a commit of a default branch: its state, and the day of its first run."""
        import pandas as pd

        runs = self.attempts[self.attempts["is_default"]]
        jobs = self.jobs.merge(runs[["run_id", "attempt", "outcome"]].rename(columns={"outcome": "run_outcome"}))
        results: dict[tuple[str, str], dict[tuple[str, str], dict[tuple[int, int], bool]]]
        results = defaultdict(lambda: defaultdict(dict))
        for job in rows_of(jobs):
            key, place = (job.path, job.name.split(" (")[0]), (job.run_id, job.attempt)
            group = results[job.repo, job.sha][key]
            if job.outcome == "pass":
                group.setdefault(place, True)
            elif job.outcome == "fail" and job.run_outcome == "fail":
                group[place] = False
        rows = []
        conclusive = runs[runs["outcome"] != "void"]
        for (repo, sha), found in conclusive.groupby(["repo", "sha"]):
            groups = [set(group.values()) for group in results[str(repo), str(sha)].values()]
            state = (
                "red" if {False} in groups
                else "flaky" if {True, False} in groups
                else "pending" if (found["outcome"] == "pending").any()
                else "green"
            )  # fmt: skip
            rows.append({"repo": repo, "sha": sha, "state": state, "day": found["created"].min().date()})
        return pd.DataFrame(rows)

    @cached_property
    def episodes(self) -> "pd.DataFrame":
        """A row a red episode, with its hours up to now."""
        import pandas as pd

        rows = []
        for each in self.truth.red_episodes:
            started, ended = time(each.started_at), time(each.ended_at)
            assert started is not None
            hours = ((ended or self.as_of) - started).total_seconds() / 3600
            rows.append({"repo": each.repo, "day": started.date(), "hours": hours, "is_open": ended is None})
        return pd.DataFrame(rows)

    @cached_property
    def repairs(self) -> "pd.DataFrame":
        """A row a repair that worked or did not, on the failing run's day."""
        import pandas as pd

        days = {key: time(run["created_at"]) for key, (_, run) in self.payloads.items()}
        rows = []
        for each in self.truth.autofix_attempts:
            created = days[each.run_id, each.run_attempt]
            if each.outcome in ("fixed", "failed") and created is not None:
                rows.append(
                    {
                        "repo": each.repo, "day": created.date(), "outcome": each.outcome,
                        "is_rerun": each.mechanism == "auto_rerun",
                    }
                )  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def days(self) -> list[tuple[str, date]]:
        """Every repository and day from its first run to the last day of all or yesterday, and the same for all."""
        earliest = self.attempts.groupby("repo")["day"].min().to_dict()
        first: dict[str, date] = {str(repo): day for repo, day in earliest.items()}
        last = max(self.attempts["day"].max(), (self.as_of - timedelta(days=1)).date())
        first["*"] = min(first.values())
        return [
            (repo, start + timedelta(days=number))
            for repo, start in first.items()
            for number in range((last - start).days + 1)
        ]

    def table(self, grain: str, pull_requests: Mapping[int, int | None]) -> dict[tuple[str, str], Figures]:
        """Return the figures of every repository (and ``*``) and period.

        ``pull_requests`` gives the pull request of a run, which breaks the ties of categories.
        """
        groups = {
            name: self._grouped(frame, grain)
            for name, frame in (
                ("attempts", self.attempts), ("jobs", self.jobs), ("failures", self.failures),
                ("commits", self.commits), ("episodes", self.episodes), ("repairs", self.repairs),
            )
        }  # fmt: skip
        places = dict.fromkeys((repo, period(day, grain)) for repo, day in self.days)
        table = {place: self._figures({k: v.get(place) for k, v in groups.items()}, pull_requests) for place in places}
        self._compare_neighbours(table, list(places))
        return table

    @staticmethod
    def _grouped(frame: "pd.DataFrame", grain: str) -> dict[tuple[str, str], "pd.DataFrame"]:
        import pandas as pd

        named = frame.assign(period=[period(day, grain) for day in frame["day"]], owner=frame["repo"])
        both = pd.concat([named, named.assign(repo="*")])
        return {(str(repo), str(at)): group for (repo, at), group in both.groupby(["repo", "period"])}

    def _figures(self, rows: Mapping[str, Any], pull_requests: Mapping[int, int | None]) -> Figures:
        figures: Figures = {}
        figures |= self._runs(rows["attempts"])
        figures |= self._job_time(rows["jobs"])
        figures |= self._commits(rows["commits"])
        figures |= self._recovery(rows["episodes"])
        figures |= self._failures(rows["failures"], pull_requests)
        figures |= self._repairs(rows["repairs"])
        rate = figures["final_pass_rate"]
        repaired = figures["autofix_success_rate"]
        figures["ci_health_score"] = None if rate is None else (rate + (rate if repaired is None else repaired)) / 2
        return figures

    def _runs(self, found: Any) -> Figures:
        figures: Figures = dict.fromkeys(
            ("runs", "conclusive_runs", "passed_runs", "failed_runs", "void_runs", "pending_runs",
             "conclusive_first_attempts", "passed_first_attempts"), 0
        )  # fmt: skip
        spans: list[float] = []
        if found is not None:
            last = found[found["is_latest"]]["outcome"].value_counts()
            first = found[found["attempt"] == 1]["outcome"].value_counts()
            for outcome, name in (("pass", "passed"), ("fail", "failed"), ("void", "void"), ("pending", "pending")):
                figures[f"{name}_runs"] = int(last.get(outcome, 0))
            figures["runs"] = int(last.sum())
            figures["conclusive_runs"] = figures["passed_runs"] + figures["failed_runs"]
            figures["passed_first_attempts"] = int(first.get("pass", 0))
            figures["conclusive_first_attempts"] = int(first.get("pass", 0) + first.get("fail", 0))
            passed = found[found["outcome"] == "pass"]
            spans = [
                self.spans[key] for key in zip(passed["run_id"], passed["attempt"], strict=True) if key in self.spans
            ]
        figures["final_pass_rate"] = ratio(figures["passed_runs"], figures["conclusive_runs"])
        figures["first_attempt_pass_rate"] = ratio(
            figures["passed_first_attempts"], figures["conclusive_first_attempts"]
        )
        return figures | _percentiles("duration", spans)

    @staticmethod
    def _job_time(found: Any) -> Figures:
        waste = dict.fromkeys(("made_green", "superseded", "timeout", "rerun"), 0.0)
        total, waits = 0.0, []
        if found is not None:
            for job in rows_of(found.dropna(subset=["seconds"])):
                total += job.seconds
                bucket = (
                    "made_green" if job.is_made_green is True
                    else "superseded" if job.is_superseded is True
                    else "timeout" if job.is_timeout
                    else "rerun" if job.attempt > 1
                    else None
                )  # fmt: skip
                if bucket is not None:
                    waste[bucket] += job.seconds
            waits = found["waited"].dropna().tolist()
        return (
            {"job_seconds": total, "wasted_minutes": sum(waste.values()) / 60}
            | {f"{bucket}_seconds": seconds for bucket, seconds in waste.items()}
            | _percentiles("queue", waits)
        )

    @staticmethod
    def _commits(found: Any) -> Figures:
        counts = {} if found is None else found["state"].value_counts().to_dict()
        figures: Figures = {f"{state}_commits": counts.get(state, 0) for state in ("red", "flaky", "green", "pending")}
        judged = figures["red_commits"] + figures["flaky_commits"] + figures["green_commits"]
        return figures | {"default_branch_failure_rate": ratio(figures["red_commits"], judged)}

    @staticmethod
    def _recovery(found: Any) -> Figures:
        closed = [] if found is None else found[~found["is_open"]]["hours"].tolist()
        opened = [] if found is None else found[found["is_open"]]["hours"].tolist()
        return {
            "episodes_closed": len(closed),
            "episodes_open": len(opened),
            "recovery_mean_hours": ratio(math.fsum(closed), len(closed)),
            "recovery_median_hours": kaplan_meier(closed, opened, Fraction(1, 2)),
            "recovery_p90_hours": kaplan_meier(closed, opened, Fraction(9, 10)),
            "oldest_open_hours": max(opened, default=None),
        }

    @staticmethod
    def _failures(found: Any, pull_requests: Mapping[int, int | None]) -> Figures:
        if found is None:
            return {
                "failed_job_attempts": 0, "flaky_jobs": 0, "top_failure_category": None, "top_failure_count": None,
                "categories": {},
            }  # fmt: skip
        flaky = found[found["is_flaky"]]
        categories = {}
        for category, rows in found.groupby("category"):
            hit = {
                (owner, pull_requests[run])
                for owner, run in zip(rows["owner"], rows["run_id"], strict=True)
                if pull_requests[run] is not None
            }
            runs = rows["run_id"].nunique()
            categories[category] = (len(rows), len(hit), runs, int(rows["is_flaky"].sum()), len(rows) / len(found))
        top = min(categories, key=lambda name: (-categories[name][0], -categories[name][1], name == "unknown", name))
        return {
            "failed_job_attempts": len(found),
            "flaky_jobs": len(set(zip(flaky["owner"], flaky["path"], flaky["name"], strict=True))),
            "top_failure_category": top,
            "top_failure_count": categories[top][0],
            "categories": categories,
        }

    @staticmethod
    def _repairs(found: Any) -> Figures:
        outcomes = [] if found is None else list(zip(found["outcome"], found["is_rerun"], strict=True))
        fixed = [is_rerun for outcome, is_rerun in outcomes if outcome == "fixed"]
        low, high = wilson(len(fixed), len(outcomes)) if outcomes else (None, None)
        return {
            "autofix_fixed": len(fixed),
            "autofix_failed": len(outcomes) - len(fixed),
            "autofix_retry_recovered": sum(fixed),
            "autofix_repaired": len(fixed) - sum(fixed),
            "autofix_success_rate": ratio(len(fixed), len(outcomes)),
            "autofix_success_rate_low": low,
            "autofix_success_rate_high": high,
        }

    @staticmethod
    def _compare_neighbours(table: dict[tuple[str, str], Figures], places: Sequence[tuple[str, str]]) -> None:
        before: Figures = {}
        previous_repo = None
        for repo, name in places:
            here = table[repo, name]
            if repo != previous_repo:
                before = {"passed_runs": 0, "conclusive_runs": 0}
            now = (here["passed_runs"], here["conclusive_runs"])
            then = (before["passed_runs"], before["conclusive_runs"])
            delta, low, high = newcombe(now, then) if now[1] and then[1] else (None, None, None)
            here |= {
                "trend": trend(now, then),
                "previous_conclusive_runs": then[1],
                "previous_final_pass_rate": ratio(*then),
                "final_pass_rate_delta": delta,
                "final_pass_rate_delta_low": low,
                "final_pass_rate_delta_high": high,
            }
            before, previous_repo = here, repo


def _percentiles(name: str, values: Sequence[float]) -> Figures:
    import numpy as np

    return {
        f"{name}_p{share}_seconds": float(np.quantile(values, share / 100)) if values else None for share in (50, 95)
    }
