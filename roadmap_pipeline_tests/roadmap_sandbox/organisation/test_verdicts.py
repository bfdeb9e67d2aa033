"""The simulated organisation shows what the product is for: each verdict on open pull requests, something unknown."""

from roadmap_pipeline.warehouse.query import run_query
from roadmap_pipeline_tests.conftest import Ran


def test_open_pull_requests_show_every_verdict(ran: Ran) -> None:
    shown = run_query(
        ran.settings.warehouse,
        "select distinct v.verdict from marts.ci_verdicts as v"
        " inner join raw.workflow_runs as r on r.run_id = v.run_id and r.run_attempt = v.run_attempt"
        " inner join raw.pull_requests as p on p.repo = v.repo and p.state = 'open' and p.head_sha = r.head_sha",
    ).rows
    assert {verdict for (verdict,) in shown} >= {"this_change", "known_flaky", "already_failing", "infrastructure"}


def test_an_unknown_failure_has_a_log_to_make_a_rule_from(ran: Ran) -> None:
    sql = (
        "select count(*) from marts.ci_failures as f inner join raw.job_logs as l on l.job_id = f.job_id"
        " where f.category = 'unknown' and l.state = 'stored'"
    )
    assert run_query(ran.settings.warehouse, sql).rows[0][0] >= 2
