"""Trying patterns and rules on what is stored, before they judge anything.

Belongs here: on which stored excerpts a pattern is found, on which passing logs it must not be, and which failures a
rules file would move. Nothing is written; printing is the command line's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt_like_sql.runner.database import cursor_of
from roadmap_pipeline import progress
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.bounded import read
from roadmap_pipeline.failures.classifier import default_classifier
from roadmap_pipeline.failures.files import read_log
from roadmap_pipeline.failures.matching.novelty import is_in_baseline
from roadmap_pipeline.failures.patterns import PatternError, compile_pattern
from roadmap_pipeline.failures.reclassification import JOBS, WEEK, Change, Moved, grouped
from roadmap_pipeline.failures.rules.own_rules import classifier_with
from roadmap_pipeline.failures.rules.taxonomy import UNKNOWN
from roadmap_pipeline.failures.stored_jobs import IS_DROPPED, baselines, judged

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 5
_BATCH = 200
_LONGEST_LINE = 300

_EXCERPTS = """
    select coalesce(logs.excerpt, array_to_string(logs.annotations ->> '$[*].message', chr(10))) as text,
        verdicts.category, jobs.repo, jobs.name, jobs.html_url, passing.job_id
    from raw.job_logs as logs
    join raw.workflow_jobs as jobs on jobs.job_id = logs.job_id
    left join raw.workflow_runs as runs on runs.run_id = jobs.run_id and runs.run_attempt = jobs.run_attempt
    left join raw.passing_logs as passing
        on passing.lines is not null and passing.repo = jobs.repo and passing.workflow_path = runs.workflow_path
        and passing.job_name = jobs.name
    join derived.failure_verdicts as verdicts on verdicts.job_id = logs.job_id
    where text <> ''
    order by logs.job_id desc
"""
_STORED = f"""
    select verdicts.job_id, {WEEK}, verdicts.category, verdicts.rule_id, verdicts.fingerprint,
           jobs.repo, jobs.name, jobs.html_url
    from derived.failure_verdicts as verdicts
    {JOBS}
    left join raw.job_logs as logs on logs.job_id = verdicts.job_id
    where not {IS_DROPPED}
    order by verdicts.job_id desc
"""  # noqa: S608


@dataclass(slots=True)
class Hits:
    """The places where a pattern was found: failing logs by their present category, and passing ones by file.

    ``failing`` and ``passing`` are how many logs were searched, ``comparable`` how many of the failing ones there is a
    passing log of the same job for, and ``said_by_passing`` in how many of these all that was found is what that one
    says, too. An example is ``{category, repo, job, line, url}``, at most :data:`EXAMPLES` of each category.
    """

    pattern: str
    failing: int = 0
    by_category: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    passing: int = 0
    found_in_passing: list[str] = field(default_factory=list)
    comparable: int = 0
    said_by_passing: int = 0

    @property
    def elsewhere(self) -> int:
        """Failing logs of a category that is known already: to look at, as the pattern may be too loose."""
        return self.by_category.total() - self.by_category[UNKNOWN]

    def to_json(self) -> dict[str, Any]:
        """Return this as one JSON object."""
        return {
            "pattern": self.pattern,
            "failing_logs": self.failing,
            "hits": dict(self.by_category.most_common()),
            "hits_unknown": self.by_category[UNKNOWN],
            "hits_elsewhere": self.elsewhere,
            "passing_logs": self.passing,
            "hits_passing": self.found_in_passing,
            "comparable_logs": self.comparable,
            "hits_said_by_passing": self.said_by_passing,
            "examples": self.examples,
        }


def try_patterns(con: "duckdb.DuckDBPyConnection", patterns: Sequence[str], passing: Sequence[str] = ()) -> list[Hits]:
    """Look for each pattern in all stored excerpts, and in log files of ``passing`` jobs (plain or .gz).

    What it finds is compared with what is stored of passing logs of the same job.

    Raises:
        ConfigurationError: A pattern that RE2 does not take, or a file that can't be opened.
    """
    compiled = [(Hits(pattern), _compiled(pattern)) for pattern in patterns]
    for file in passing:
        log = read(read_log(file), default_classifier()).log
        for hits, expression in compiled:
            hits.passing += 1
            if expression.search(log):
                hits.found_in_passing.append(file)
    baseline_of_job = baselines(con)
    with progress.task("Searching stored logs") as task:
        for excerpt, category, repo, job, url, passing_job in _rows(con, _EXCERPTS) if compiled else ():
            text = excerpt.encode("utf-8", "replace")
            for hits, expression in compiled:
                hits.failing += 1
                hits.comparable += passing_job is not None
                lines = [_line(text, match.start()) for match in expression.finditer(text)]
                if not lines:
                    continue
                hits.by_category[category] += 1
                news = lines
                if passing_job is not None:
                    news = [line for line in lines if not is_in_baseline(line, baseline_of_job(passing_job))]
                    hits.said_by_passing += not news
                if hits.by_category[category] <= EXAMPLES:
                    line = _shown((news or lines)[0])
                    hits.examples.append({"category": category, "repo": repo, "job": job, "line": line, "url": url})
            task.advance()
    return [hits for hits, _ in compiled]


def try_rules(con: "duckdb.DuckDBPyConnection", rules: Path, passing: Sequence[str] = ()) -> list[Moved]:
    """Return which stored failures a rules file (added to the project's rules) would give another cause or rule.

    Files of ``passing`` logs that it would take for failures come first.

    Raises:
        ConfigurationError: All problems of the rules file, or a log that can't be opened.
    """
    classifier = classifier_with(rules)
    changes: list[Change] = []
    for file in passing:
        verdict = classifier.classify(read(read_log(file), classifier).log)
        if verdict is not None:
            changes.append((None, None, verdict.category, verdict.rule_id, None, verdict.fingerprint, None, file, None))
    stored = {row[0]: row[1:] for row in _rows(con, _STORED)}
    jobs = list(stored)
    with progress.task("Judging stored failures", total=len(jobs)) as task:
        for start in range(0, len(jobs), _BATCH):
            batch = jobs[start : start + _BATCH]
            for row in reversed(judged(con, classifier, batch)):
                week, category, rule_id, group, *job = stored[row["job_id"]]
                if (category, rule_id) != (row["category"], row["rule_id"]):
                    changes.append((week, category, row["category"], row["rule_id"], group, row["fingerprint"], *job))
            task.advance(len(batch))
    return grouped(changes)


def _rows(con: "duckdb.DuckDBPyConnection", sql: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query, some at a time: excerpts of all history need not fit into memory."""
    cursor = cursor_of(con)
    cursor.execute(sql)
    while rows := cursor.fetchmany(_BATCH):
        yield from rows


def _compiled(pattern: str) -> Any:
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ConfigurationError(f"bad pattern {pattern!r}: {text}; patterns are RE2's, on one line of a log") from None


def _line(text: bytes, at: int) -> bytes:
    end = text.find(b"\n", at)
    return text[text.rfind(b"\n", 0, at) + 1 : len(text) if end < 0 else end]


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"
