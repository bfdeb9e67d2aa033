"""The coverage that a report rests on: how much of its week was read, and what could not be read at all.

Belongs here: rows of ``marts.ingest_coverage`` and ``raw.read_failures`` as sentences, the same in reports, on the
terminal and in Dagster. When a week is complete is said in the mart, when a thing is asked for again in
:mod:`roadmap_pipeline.github.ingest.read_failures`.

Texts depend on what is stored alone, and in reports give days, not times: a further vain try rewrites no report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from roadmap_pipeline.failures.display import as_code, as_plain, escape_markdown
from roadmap_pipeline.github.ingest.read_failures import permission
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row, rows

if TYPE_CHECKING:
    import duckdb

_NAMED = 3
_MESSAGE_CHARS = 120
_FOLLOWS = frozenset({"list", "jobs"})

_CUT_OFF = {
    "list": "not all of its runs have been read yet",
    "jobs": "not all jobs of its runs have been read yet",
    "refused": "GitHub did not give all of it",
    "before_history": "it begins before the history that is read (history_days)",
    "import": "what was imported does not cover it",
}
"""``marts.period_coverage.reason`` in words, but for what lacks nothing than days to come."""

_THINGS = {
    "repository": ("all", "all", "all"),
    "milestones": ("milestones", "part of the milestones", "parts of the milestones"),
    "issues": ("issues", "part of the issues", "parts of the issues"),
    "issue_events": ("issue events", "part of the issue events", "parts of the issue events"),
    "pull_requests": ("pull requests", "part of the pull requests", "parts of the pull requests"),
    "workflows": ("workflows", "workflow", "workflows"),
    "runs": ("the list of runs", "part of the list of runs", "parts of the list of runs"),
    "run": ("runs", "run", "runs"),
    "attempt": ("earlier attempts", "earlier attempt of a run", "earlier attempts of runs"),
    "jobs": ("jobs", "run's jobs", "runs' jobs"),
    "log": ("logs", "log of a job", "logs of jobs"),
    "annotations": ("annotations", "job's annotations", "jobs' annotations"),
    "files": ("files of pull requests", "pull request's files", "pull requests' files"),
    "commits": ("commits of pull requests", "pull request's commits", "pull requests' commits"),
    "passing_log": ("logs of passing jobs", "log of a passing job", "logs of passing jobs"),
}
"""By endpoint of ``raw.read_failures``: a whole list, and one or several of its items."""

_UNREAD = """
    select f.repo, f.endpoint, f.item = '' as is_whole, f.is_setting, count(*) as things,
        arg_max(f.status, f.last_failed_at) as status, arg_max(f.message, f.last_failed_at) as message,
        min(f.first_failed_at) as first_failed_at, min(f.next_try_at) as next_try_at
    from raw.read_failures as f
    group by f.repo, f.endpoint, is_whole, f.is_setting
    order by f.is_setting, f.repo, f.endpoint, is_whole desc
"""

_WEEK = """
    select c.*, c.repo = '*' as is_all
    from marts.ingest_coverage as c
    where c.week = ?
    order by c.repo
"""

_COMPARABLE = """
    select c.period, c.is_comparable, c.reason, c.first_whole_day, c.last_whole_day
    from marts.period_coverage as c
    where c.repo = '*' and c.grain = 'week' and list_contains(?, c.period)
    order by c.period
"""

_BY_REPOSITORY = """
    with gaps as (
        select c.repo, sum(c.due_runs)::bigint as due_runs,
            count(*) filter (where c.reason is distinct from 'not_over') as weeks,
            count(*) filter (where c.is_complete) as complete_weeks,
            max(c.week_start) filter (where c.reason <> 'not_over') as last_gap,
            max(coalesce(c.listed_from, c.week_start + interval 7 day)) filter (
                where c.reason in ('list', 'refused') and c.listed_from is distinct from c.week_start
            ) as listed_from
        from marts.ingest_coverage as c
        where c.repo <> '*'
        group by c.repo
    )
    select g.repo, min(c.week) as complete_from, g.listed_from, g.due_runs, g.weeks, g.complete_weeks
    from gaps as g
    left join marts.ingest_coverage as c
        on c.repo = g.repo and c.is_complete and (g.last_gap is null or c.week_start > g.last_gap)
    group by g.repo, g.listed_from, g.due_runs, g.weeks, g.complete_weeks
    order by g.repo
"""


@dataclass(frozen=True, slots=True)
class Unread:
    """Things of one kind that could not be read of a repository; times are naive UTC."""

    repo: str
    endpoint: str
    is_whole: bool
    is_setting: bool
    things: int
    status: int
    message: str | None
    first_failed_at: datetime
    next_try_at: datetime

    @property
    def what(self) -> str:
        """The things that could not be read, in words: how many of what."""
        words = fmt.words(self.endpoint)
        whole, one, several = _THINGS.get(self.endpoint, (words, words, words))
        if self.is_whole:
            return f"{whole} of {self.repo}"
        return f"{self.things:,} {one if self.things == 1 else several} of {self.repo}"

    @property
    def why(self) -> str:
        """GitHub's words, with the status if there was one."""
        return as_plain(f"{self.status or ''} {self.message or ''}".strip(), _MESSAGE_CHARS) or "no answer"

    @property
    def remedy(self) -> str | None:
        """The step that a person can take; None where time alone may help."""
        words = self.message or ""
        if self.endpoint == "repository":
            return None  # GitHub's client has said it
        if "SAML" in words or "single sign-on" in words:
            return "authorise the token for the organisation's single sign-on"
        if self.status in {401, 403}:
            return f"grant the token {permission(self.endpoint)}: read"
        return None

    def sentence(self) -> str:
        """Return all of it in one line of plain text, to the minute."""
        if self.is_setting:
            return f"{self.what}: switched off on GitHub, so there is nothing to read"
        remedy = f"; {self.remedy}" if self.remedy else ""
        return (
            f"{self.what}: {self.why}, since {self.first_failed_at:%Y-%m-%d %H:%M}{remedy};"
            f" asked for again from {self.next_try_at:%Y-%m-%d %H:%M} UTC on"
        )

    def to_json(self) -> dict[str, object]:
        """Return this as one JSON object."""
        return {
            "repo": self.repo,
            "endpoint": self.endpoint,
            "things": self.things,
            "status": self.status,
            "message": self.message,
            "is_setting": self.is_setting,
            "first_failed_at": str(self.first_failed_at),
            "next_try_at": str(self.next_try_at),
        }


def unread(con: "duckdb.DuckDBPyConnection") -> list[Unread]:
    """Return what could not be read, grouped by repository and kind; settings last."""
    return [Unread(**row) for row in rows(con, _UNREAD)]


def coverage_of_week(con: "duckdb.DuckDBPyConnection", week: str) -> list[Row]:
    """Return the rows of ``marts.ingest_coverage`` for an ISO week, that of all repositories among them."""
    return rows(con, _WEEK, [week])


def not_compared_of(con: "duckdb.DuckDBPyConnection", weeks: Sequence[str]) -> list[str]:
    """Return a sentence for each of the ISO ``weeks`` that is compared with no other, over all repositories."""
    return [sentence for row in rows(con, _COMPARABLE, [list(weeks)]) if (sentence := not_compared(row))]


def coverage_by_repository(con: "duckdb.DuckDBPyConnection") -> list[Row]:
    """Return, for each repository, the week from which on everything was read, and what is still missing."""
    return rows(con, _BY_REPOSITORY)


def is_unread(coverage: Sequence[Row]) -> bool:
    """Return whether nothing at all is known of a week yet that is to be read."""
    return any(row["is_all"] and not row["runs"] and row["reason"] in {"list", "refused", "import"} for row in coverage)


def rests_on(coverage: Sequence[Row], monday: date) -> str:
    """Return what the report of a week rests on, as one line of Markdown; empty when all of it was read.

    ``coverage`` are the rows of the week. That a week is not over is said elsewhere.
    """
    whole = next((row for row in coverage if row["is_all"]), None)
    parts = [row for row in coverage if not row["is_all"]]
    if whole is None or whole["reason"] in {None, "not_over"}:
        return ""
    if is_unread(coverage) and not any(row["listed_from"] for row in parts):
        if whole["reason"] == "import":
            return "**Nothing of this week was imported**: whether anything ran is not known."
        return "**Nothing of this week has been read yet**; it follows with the next runs of the pipeline."
    sentences = [
        f"rests on {whole['runs_with_jobs']:,} of {fmt.several(whole['runs'], 'run')} with jobs",
        *_failed(whole),
        *_listed([row for row in parts if row["reason"] in {"list", "refused"}], monday, alone=len(parts) == 1),
        *_imported([row for row in parts if row["reason"] == "import"], alone=len(parts) == 1),
        *_cut_off(parts),
    ]
    if whole["refused"]:
        sentences.append(f"GitHub did not give {fmt.several(whole['refused'], 'thing')} (named below)")
    if any(row["reason"] in _FOLLOWS for row in parts):
        sentences.append("the rest follows")
    return f"**Not all of this week was read**: the report {'; '.join(sentences)}."


def _failed(whole: Row) -> list[str]:
    failed = whole["due_failed_runs"]
    return [f"{fmt.several(failed, 'failed run')} among the others"] if failed else []


def _listed(rows_: Sequence[Row], monday: date, *, alone: bool) -> list[str]:
    """Return how far the lists of runs were read, the same for all repositories together."""
    by_words: dict[str, list[str]] = {}
    for row in rows_:
        if (words := _how_far(row, monday)) is not None:
            by_words.setdefault(words, []).append(row["repo"])
    return [words if alone else f"{words} ({_names(repos)})" for words, repos in by_words.items()]


def _how_far(row: Row, monday: date) -> str | None:
    start, end = row["listed_from"], row["listed_until"]
    first = datetime.combine(monday, time())
    if start is None:
        return "nothing read yet" if row["reason"] == "list" else "nothing could be read"
    if start > first:
        return f"read so far from {_moment(start)}"
    if end is not None and end < first + timedelta(days=7):
        return f"read up to {_moment(end)}"
    return None


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M}"


def _imported(rows_: Sequence[Row], *, alone: bool) -> list[str]:
    """Return which days were surely imported whole: files may begin and end within a day."""
    sentences = []
    for row in rows_:
        start, end = row["listed_from"], row["listed_until"]
        days = f"whole days from {start:%Y-%m-%d} to {end - timedelta(days=1):%Y-%m-%d}" if start else "no whole day"
        repo = "" if alone else f" of {row['repo']}"
        sentences.append(f"what was imported{repo} holds {days}")
    return sentences


def not_compared(row: Row) -> str:
    """Return why a period that is cut off is compared with none, as a sentence.

    History, an import or the ingest's coverage cuts it off. ``row`` is one of ``marts.period_coverage``; empty when its
    figures may stand beside those of whole periods.
    """
    if row["is_comparable"]:
        return ""
    days = (
        f"whole days are there from {row['first_whole_day']} to {row['last_whole_day']} only"
        if row["first_whole_day"]
        else "not one whole day is there"
    )
    return f"{row['period']} is compared with no other period: {_CUT_OFF[row['reason']]}, {days}."


def _cut_off(parts: Sequence[Row]) -> list[str]:
    cut = any(row["reason"] == "before_history" for row in parts)
    return ["the week begins before the history that is read (history_days)"] if cut else []


def _names(repos: Sequence[str]) -> str:
    more = f" and {len(repos) - _NAMED} more" if len(repos) > _NAMED else ""
    return f"{', '.join(repos[:_NAMED])}{more}"


def unread_lines(things: Sequence[Unread]) -> list[str]:
    """Return what could not be read as lines of a report's footer (Markdown), with days only."""
    refused = [
        f"{escape_markdown(one.what)} ({as_code(one.why, _MESSAGE_CHARS)}, since {one.first_failed_at:%Y-%m-%d},"
        f" asked for again from {one.next_try_at:%Y-%m-%d} on)"
        for one in things
        if not one.is_setting
    ]
    switched_off = [escape_markdown(one.what) for one in things if one.is_setting]
    lines = [f"Could not be read: {'; '.join(refused)}."] if refused else []
    return lines + ([f"Switched off on GitHub: {', '.join(switched_off)}."] if switched_off else [])
