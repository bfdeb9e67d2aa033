"""A log's output, on its whole way from the runner to where people read it: shown as it reads, and nothing else."""

import io
import re

import pytest
from rich.console import Console

from roadmap_pipeline.cli.rendering.failures import print_hits, print_unknown
from roadmap_pipeline.cli.rendering.tables import print_table
from roadmap_pipeline.failures.classifier import classify_excerpt
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.verdict import EVIDENCE_CHARS, JobFacts
from roadmap_pipeline.reports.pull_request import pull_request_comments
from roadmap_pipeline.reports.unknown import unknown_failures, unknown_share
from roadmap_pipeline.reports.weekly import weekly_report
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory
from roadmap_pipeline_tests.failures.logs import FAILED, job, step
from roadmap_pipeline_tests.parameters import mostly_slow
from roadmap_pipeline_tests.reports.histories import fails
from roadmap_pipeline_tests.reports.markdown import HOSTILE, assert_harmless

CONTROLS = ("\x1b]0;title\x07\x1b[2J\x1b[31mred", "back\x08\x08space \x00 \x9b31m", "\u2066isolated\u2069 \ufeff")
SECRET = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
FOLD = ("<details><summary>Milestone progress explained</summary>", "</details>", "<sub>", "</sub>")


def history(nasty: str) -> StoredHistory:
    """Return a pull request and a default branch on which a job fails with a line of a stranger's choice."""
    past = StoredHistory()
    line = f"frobnicator {nasty} {SECRET} gave up "
    log = job(step("./x.sh", line + "x" * 5_000, FAILED))
    excerpt = make_excerpt(log)
    verdict = classify_excerpt(excerpt.text, excerpt.line_ranges, JobFacts("failure"))
    assert verdict is not None
    past.pull_request(1, head_sha="mine")
    for sha, time in (("mine", "11-12 10:00"), ("other", "11-11 10:00")):
        fails(past, time, verdict.category, domain=verdict.domain, evidence=verdict.evidence, sha=sha, log=False,
              fingerprint=verdict.fingerprint)  # fmt: skip
        stored = past.rows["derived.failure_verdicts"][-1]
        stored |= {"line": verdict.line, "judged_from": "log"}
        key = {name: stored[name] for name in ("repo", "job_id", "run_id", "run_attempt")}
        past.add("raw.job_logs", **key, state="stored", excerpt=excerpt.text)
    return past


@pytest.mark.parametrize("nasty", mostly_slow(CONTROLS + HOSTILE, fast=6))
def test_a_hostile_log_is_harmless_everywhere(nasty: str) -> None:
    with history(nasty).built() as warehouse:
        comments = [row["body"] for row in pull_request_comments(warehouse.con)]
        report = weekly_report(warehouse.con, "2026-W46").content
        unknown = unknown_failures(warehouse.con, limit=5)
        share = unknown_share(warehouse.con)
        (evidence,) = {row[0] for row in warehouse.rows("select evidence from marts.failure_groups")}
    assert len(evidence) <= EVIDENCE_CHARS
    (body,) = comments
    assert_harmless(body, html=FOLD)
    assert max(map(len, body.splitlines())) < 600
    assert_harmless(report)
    assert any(word in body and word in report for word in ("frobnicator", "Heading"))
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, color_system=None, width=100)
    print_unknown(console, share, unknown)
    print_hits(console, {**unknown[0]["draft"], "hits_passing": []} if unknown[0]["draft"] else _hits(evidence))
    print_table(console, None, [{"line": nasty}])
    shown = stream.getvalue()
    for text in (body, report, shown):
        assert SECRET not in text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert REPO in shown


def _hits(line: str) -> dict[str, object]:
    example = {"category": "unknown", "repo": REPO, "job": "test", "line": line, "url": None}
    return {
        "hits": {"unknown": 1}, "hits_unknown": 1, "hits_elsewhere": 0, "failing_logs": 1, "passing_logs": 0,
        "hits_passing": [], "examples": [example], "comparable_logs": 0, "hits_said_by_passing": 0,
    }  # fmt: skip
