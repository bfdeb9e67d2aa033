"""Changes to try: another threshold, a test that no longer fails, an issue that is closed.

Belongs here: reading ``KEY=VALUE`` and saying which tables it changes how. The numbers follow from the models' own SQL,
see ``recompute``.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dbt_like_sql.runner.database import literal
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.explain.recompute import Patch
from roadmap_pipeline.warehouse.models import Key

if TYPE_CHECKING:
    import duckdb

_FRACTIONS = ("pass_rate_threshold", "autofix_threshold")
_WHOLE = {"window_days": (1, 366)}
_POINTS = ("pass_rate", "autofix_success", "critical_workflows_green", "docs_and_pr_merged")
_ACTIONS = ("fixed", "closed", "merged")
_ITEM = re.compile(r"(\S+/[^\s#]+)#(\d+)")

_JOBS = """(
    select v.job_id
    from derived.failure_verdicts as v
    where v.failed_tests_count > 0 and v.failed_tests_count = len(v.failed_tests) and list_has_all(?, v.failed_tests)
)"""
"""The jobs that failed of these tests alone."""

_ATTEMPTS = f"""
    with jobs as {_JOBS}, failed as (
        select j.run_id, j.run_attempt, j.job_id in (select jobs.job_id from jobs) as is_fixed,
            coalesce(v.is_consequence, false) as is_consequence
        from staging.stg_workflow_jobs as j
        left join marts.ci_verdicts as v on v.job_id = j.job_id
        where j.outcome = 'fail'
    )
    select failed.run_id, failed.run_attempt
    from failed
    group by failed.run_id, failed.run_attempt
    -- A gate that only says that another job failed passes with it.
    having bool_or(failed.is_fixed) and bool_and(failed.is_fixed or failed.is_consequence)
"""  # noqa: S608
"""The attempts that failed of such jobs alone."""


def patches_of(con: "duckdb.DuckDBPyConnection", changes: Sequence[str]) -> list[Patch]:
    """Return what ``changes`` (each ``KEY=VALUE``) change in the snapshot that ``con`` has open.

    Raises:
        ConfigurationError: A key, a value, a test or an item that there isn't; with what there is.
    """
    values: dict[str, list[str]] = {}
    for change in changes:
        key, separator, value = change.partition("=")
        if not separator or not value.strip():
            raise ConfigurationError(f"--what-if {change}: give KEY=VALUE, such as pass_rate_threshold=0.7")
        values.setdefault(key.strip(), []).append(value.strip())
    rules = [rule for (rule,) in con.execute("select r.rule from config.progress_rules as r").fetchall()]
    known = [*_FRACTIONS, *_WHOLE, *(f"points.{rule}" for rule in _POINTS), *rules, *_ACTIONS]
    patches: list[Patch] = []
    for key, given in values.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            meant = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"
            raise ConfigurationError(f"--what-if {key}: unknown{meant}")
        if key == "fixed":
            patches += _fixed(con, given)
        elif key in ("closed", "merged"):
            for item in given:
                patches += _closed(con, item, is_merged=key == "merged")
        else:
            patches.append(_setting(key, given[-1], is_rule=key in rules))
    return patches


def _setting(key: str, text: str, *, is_rule: bool) -> Patch:
    value = _number(key, text)
    if is_rule:
        replaced = f"case when rule = {literal(key)} then {value} else threshold end as threshold"
        return _patch(("config", "progress_rules"), replaced, ("threshold",))
    column = key.replace("points.", "points_")
    low, high = _WHOLE.get(key, (0, 100)) if key not in _FRACTIONS else (0, 1)
    if not low <= value <= high or (key not in _FRACTIONS and value != int(value)):
        kind = "a fraction from 0 to 1 such as 0.7" if key in _FRACTIONS else f"a whole number from {low} to {high}"
        raise ConfigurationError(f"--what-if {key}={text}: give {kind}")
    return _patch(("config", "parameters"), f"{value if key in _FRACTIONS else int(value)} as {column}", (column,))


def _patch(table: Key, replaced: str, columns: Iterable[str]) -> Patch:
    """Return a patch whose columns are replaced by expressions; what comes from outside is in literals."""
    return Patch(table, f"select * replace ({replaced}) from {{base}}", frozenset(columns))  # noqa: S608


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError(f"--what-if {key}={text}: {text!r} is no number") from None


def _fixed(con: "duckdb.DuckDBPyConnection", tests: Sequence[str]) -> Iterator[Patch]:
    """Yield what follows when jobs that failed of these tests alone had passed, and their runs with them."""
    for test in tests:
        if not con.execute("select 1 from marts.failed_tests as t where t.test = ? limit 1", [test]).fetchall():
            names = [name for (name,) in con.execute("select distinct t.test from marts.failed_tests as t").fetchall()]
            close = difflib.get_close_matches(test, names, n=2, cutoff=0.5)
            meant = f"; did you mean {' or '.join(close)}?" if close else ""
            raise ConfigurationError(f"--what-if fixed={test}: no stored failure names this test{meant}")
    jobs = [job for (job,) in con.execute(f"select j.job_id from {_JOBS} as j", [list(tests)]).fetchall()]  # noqa: S608
    attempts = con.execute(_ATTEMPTS, [list(tests)]).fetchall()
    passing = "'pass' else outcome end as outcome, case when {is_fixed} then 'success' else outcome_reason end"
    changed = ("outcome", "outcome_reason")
    runs = ", ".join(f"({run}, {attempt})" for run, attempt in attempts) or "(null, null)"
    numbers = ", ".join(map(str, jobs)) or "null"
    for table, is_fixed in (
        ("stg_workflow_runs", f"(run_id, run_attempt) in ({runs})"),
        ("stg_workflow_jobs", f"job_id in ({numbers}) or (outcome = 'fail' and (run_id, run_attempt) in ({runs}))"),
    ):
        replaced = f"case when {is_fixed} then {passing.format(is_fixed=is_fixed)} as outcome_reason"
        yield _patch(("staging", table), replaced, changed)


def _closed(con: "duckdb.DuckDBPyConnection", item: str, *, is_merged: bool) -> Iterator[Patch]:
    """Yield what follows when an issue or pull request were closed now; ``is_merged``: a pull request, merged."""
    option = f"--what-if {'merged' if is_merged else 'closed'}={item}"
    match = _ITEM.fullmatch(item)
    if match is None:
        raise ConfigurationError(f"{option}: give owner/name#12")
    number = int(match[2])
    rows = con.execute(
        """
        select 'stg_issues', i.repo, i.state, i.milestone_number from staging.stg_issues as i
        where lower(i.repo) = lower($repo) and i.number = $number
        union all
        select 'stg_pull_requests', p.repo, p.state, p.milestone_number from staging.stg_pull_requests as p
        where lower(p.repo) = lower($repo) and p.number = $number
        """,
        {"repo": match[1], "number": number},
    ).fetchall()
    if not rows or (is_merged and rows[-1][0] != "stg_pull_requests"):
        raise ConfigurationError(
            f"{option}: no such {'pull request' if is_merged else 'issue or pull request'} is stored"
        )
    table, repo, state, milestone = rows[-1]
    if state == "closed":
        raise ConfigurationError(f"{option}: it is closed already")
    here = f"repo = {literal(repo)} and number = {number}"
    now = "(select max(p.as_of) from config.parameters as p)"
    columns = {"state": "'closed'", "closed_at": now} | ({"merged_at": now} if is_merged else {})
    replaced = ", ".join(f"case when {here} then {value} else {name} end as {name}" for name, value in columns.items())
    yield _patch(("staging", table), replaced, columns)
    if milestone is not None:
        here = f"case when repo = {literal(repo)} and number = {milestone} then 1 else 0 end"
        moved = f"open_items - {here} as open_items, closed_items + {here} as closed_items"
        yield _patch(("staging", "stg_milestones"), moved, ("open_items", "closed_items"))
