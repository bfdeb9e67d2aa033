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
    assert {verdict for (verdict,) in shown} == {
        "this_change", "known_flaky", "already_failing", "infrastructure", "unclear",
    }  # fmt: skip


def test_open_pull_requests_are_green_in_and_out_of_a_milestone_and_red_for_an_unknown_reason(ran: Ran) -> None:
    shown = run_query(
        ran.settings.warehouse,
        "select p.number, d.state, p.milestone, c.may_create"
        " from derived.pull_request_comments as d"
        " inner join publish.pull_request_comments as c on c.repo = d.repo and c.number = d.number"
        " inner join staging.stg_pull_requests as p on p.repo = d.repo and p.number = d.number"
        " where p.repo = 'acme/storefront' order by p.number",
    ).rows
    assert shown == [
        (1001, "green", "Accessibility", True),
        (1005, "red", "Checkout v2", True),
        (1007, "green", None, False),
        (1008, "red", None, True),
        (1009, "going", None, False),
    ]
    unknown = run_query(
        ran.settings.warehouse,
        "select v.verdict, v.reason from marts.ci_verdicts as v"
        " where v.repo = 'acme/storefront' and v.pull_request_number = 1008",
    ).rows
    assert unknown == [("unclear", "the cause was not recognised")]


def test_an_unknown_failure_has_a_log_to_make_a_rule_from(ran: Ran) -> None:
    sql = (
        "select count(*) from marts.ci_failures as f inner join raw.job_logs as l on l.job_id = f.job_id"
        " where f.category = 'unknown' and l.state = 'stored'"
    )
    assert run_query(ran.settings.warehouse, sql).rows[0][0] >= 2
