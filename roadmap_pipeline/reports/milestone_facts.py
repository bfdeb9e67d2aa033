"""The facts that a milestone's page and its tracking issue share: ledger, work, CI figures, failures, pull requests.

Belongs here: choosing and joining rows of the marts, and the words for one of them. Nothing of what people edit on both
sides is read (title, status, target date), and no age is computed: a text changes only when its facts do.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.milestone_ci import MilestoneCi, ci_of_milestones
from roadmap_pipeline.reports.milestone_risks import open_risks, risk_lines
from roadmap_pipeline.reports.tables import Row, rows
from roadmap_pipeline.reports.wording import title

if TYPE_CHECKING:
    import duckdb

SHOWN_FAILURES = 8
SHOWN_PULL_REQUESTS = 10

RULES: Mapping[str, str] = {
    "pass_rate": "Pass rate",
    "autofix_success": "Auto-fix success",
    "critical_workflows_green": "Critical workflows green",
    "docs_and_pr_merged": "Documentation and pull request merged",
}
"""``marts.milestone_progress.rule`` in words."""

_MARKS = {
    "this_change": ("🔴", "probably the change: {reason}"),
    "unclear": ("⚪", "may or may not be the change: {reason}"),
    "infrastructure": ("🔵", "infrastructure: {reason}"),
    "known_flaky": ("🟡", "known {reason}"),
    "already_failing": ("🟠", "not the change: {reason}"),
}
"""``marts.ci_verdicts.verdict``: the mark, and what it means. The reason of the fourth begins with "flaky"."""

_MILESTONES = """
    select m.repo, m.number, m.state, m.html_url, m.open_items, m.closed_items,
        m.open_items + m.closed_items as items, o.work_done, o.is_weighted, o.reason as work_reason,
        o.items_added_28d, o.items_removed_28d, o.items_closed_28d,
        k.progress, k.pass_rate, k.conclusive_runs, k.autofix_fixed + k.autofix_failed as judged_repairs,
        k.mttr_hours, k.spells_closed, k.spells_open, k.trend, p.window_days,
        w.previous_passed_runs / nullif(w.previous_conclusive_runs, 0) as previous_pass_rate,
        w.previous_conclusive_runs,
        m.related_pr_number, m.related_pr_url,
        coalesce(t.html_url, r.html_url || '/issues/' || t.number) as own_tracking_url,
        case when p.tracking_issues_create <> 'never'
            then r.html_url || '/issues?q=is%3Aissue+label%3Atracking'
        end as tracking_issues_url,
        f.state as forecast_state, f.reason as forecast_reason, f.p50_date, f.p85_date, f.p95_date,
        f.probability_on_time, f.is_calibrated, f.calibrated_on, a.sentence as forecast_accuracy,
        l.reason as learnt_reason, v.reason as learnt_accuracy
    from marts.milestones as m
    cross join config.parameters as p
    join marts.milestone_metrics as k on k.repo = m.repo and k.number = m.number
    join marts.milestone_work as o on o.repo = m.repo and o.number = m.number
    join marts.milestone_windows as w on w.repo = m.repo and w.number = m.number
    join staging.stg_repositories as r on r.repo = m.repo
    left join (
        -- Ours is in no milestone, and not known before it was written.
        select i.repo, i.milestone_number, min(i.number) as number, min_by(i.html_url, i.number) as html_url
        from staging.stg_issues as i
        where list_contains(i.labels, 'tracking') and i.milestone_number is not null and not i.is_duplicate
        group by i.repo, i.milestone_number
    ) as t on t.repo = m.repo and t.milestone_number = m.number
    left join marts.milestone_forecast_days as f
        on f.repo = m.repo and f.number = m.number and f.is_published and m.state = 'open'
    -- Of the week's first day: a page that changes every day tells nobody anything.
    left join marts.learnt_progress as l
        on l.repo = m.repo and l.number = m.number and l.is_published
        and l.as_of = cast(date_trunc('week', p.as_of) as date)
    cross join marts.learnt_progress_accuracy as v
    left join marts.forecast_accuracy as a on a.repo = '*' and a.method = 'forecast' and a.level = 0.85
    order by m.repo, m.number
"""

_LEDGER = """
    select p.repo, p.number, p.rule, p.points, p.points_possible, p.reason, p.next_step
    from marts.milestone_progress as p
    where p.points_possible > 0
    order by p.repo, p.number, p.points_possible desc, p.rule
"""

_FAILURES = """
    select f.*, parse_filename(f.workflow_path) as workflow, p.html_url as pull_request_url
    from marts.milestone_failures as f
    left join staging.stg_pull_requests as p on p.repo = f.repo and p.number = f.pull_request_number
    order by f.repo, f.number, f.run_created_at desc, f.workflow_path, f.job_name, f.job_id
"""

_NOT_GREEN = """
    select c.repo, parse_filename(c.workflow_path) as workflow, c.latest_url
    from marts.critical_workflows as c
    where c.latest_outcome = 'fail' and not c.is_green and not c.is_removed
    order by c.repo, c.workflow_path
"""

_PULL_REQUESTS = """
    select m.repo, m.number as milestone_number, p.number, p.title, p.html_url
    from staging.stg_pull_requests as p
    join staging.stg_milestones as m on m.repo = p.repo and m.milestone = p.milestone
    where p.state = 'open'
    order by p.repo, p.number desc
"""


@dataclass(slots=True)
class MilestoneFacts:
    """One milestone: a row of figures and addresses, and the rows that belong to it, in the order of the text."""

    row: Row
    ledger: list[Row] = field(default_factory=list)
    failures: list[Row] = field(default_factory=list)
    risks: list[Row] = field(default_factory=list)
    not_green: Sequence[Row] = ()
    pull_requests: list[Row] = field(default_factory=list)
    ci: MilestoneCi = field(default_factory=MilestoneCi)

    @property
    def points(self) -> str:
        """The points given of those possible: ``55 of 100 points``."""
        given = sum(row["points"] for row in self.ledger)
        return f"{given} of {fmt.several(sum(row['points_possible'] for row in self.ledger), 'point')}"

    def ledger_lines(self) -> list[Row]:
        """Return rule, points and reason of each rule in words; in italics what rests on few cases."""
        cases = {"pass_rate": self.row["conclusive_runs"], "autofix_success": self.row["judged_repairs"]}
        return [
            {
                "rule": RULES.get(row["rule"], escape_markdown(fmt.words(row["rule"]))),
                "points": f"{row['points']} of {row['points_possible']}",
                "reason": fmt.greyed(escape_markdown(row["reason"]), cases.get(row["rule"]) or None),
            }
            for row in self.ledger
        ]

    def next_steps(self) -> list[str]:
        """Return what would give more points, most first."""
        steps = [escape_markdown(row["next_step"]) for row in self.ledger if row["next_step"]]
        return [f"{step[:1].upper()}{step[1:]} points." for step in steps]

    def risk_lines(self) -> list[str]:
        """Return the open risks, gravest first."""
        return risk_lines(self.risks)

    def failure_lines(self) -> list[str]:
        """Return what is in the way: workflows that are red on the default branch, then the newest failing jobs."""
        lines = [
            f"🟠 {fmt.link(as_code(row['workflow'], 40), row['latest_url'])} is red on the default branch"
            for row in self.not_green
        ]
        lines += [self._failure(row) for row in self.failures[:SHOWN_FAILURES]]
        if len(self.failures) > SHOWN_FAILURES:
            lines.append(f"… and {fmt.several(len(self.failures) - SHOWN_FAILURES, 'more failing job')}")
        return lines

    def _failure(self, row: Row) -> str:
        mark, wording = _MARKS[row["verdict"]]
        job = fmt.link(as_code(row["job_name"] or "", 60) or "a job", row["html_url"])
        place = as_code(row["branch"] or "", 60)
        if row["pull_request_number"]:
            place = fmt.link(f"pull request {row['pull_request_number']}", row["pull_request_url"])
        text = f"{mark} {job} of {as_code(row['workflow'], 40)} on {place} · {fmt.cause(row['category'])}"
        if row["first_test"] and not row["is_fork"]:
            others = row["failed_tests_count"] - 1
            more = f" and {fmt.several(others, 'more test')}" if others > 0 else ""
            why = f": {as_code(row['first_test_why'], 140)}" if row["first_test_why"] else ""
            text += f" · {as_code(row['first_test'], 140)}{more}{why}"
        elif row["evidence"] and not row["is_fork"]:
            text += f" · {as_code(row['evidence'], 140)}"
        return f"{text} · {wording.format(reason=escape_markdown(row['reason']))}"

    def pull_request_lines(self) -> list[str]:
        """Return the open pull requests of the milestone, newest first; without any the latest merged one."""
        lines = [
            fmt.link(title(row["title"] or "") or f"Pull request {row['number']}", row["html_url"])
            for row in self.pull_requests[:SHOWN_PULL_REQUESTS]
        ]
        if len(self.pull_requests) > SHOWN_PULL_REQUESTS:
            left_out = len(self.pull_requests) - SHOWN_PULL_REQUESTS
            lines.append(f"… and {fmt.several(left_out, 'more open pull request')}")
        if not lines and self.row["related_pr_number"]:
            merged = fmt.link(f"Pull request {self.row['related_pr_number']}", self.row["related_pr_url"])
            lines.append(f"{merged}, merged")
        return lines


def milestone_facts(con: "duckdb.DuckDBPyConnection") -> list[MilestoneFacts]:
    """Return the facts of every milestone, by repository and number."""
    facts = {(row["repo"], row["number"]): MilestoneFacts(row) for row in rows(con, _MILESTONES)}
    for row in rows(con, _LEDGER):
        facts[row["repo"], row["number"]].ledger.append(row)
    for row in rows(con, _FAILURES):
        facts[row["repo"], row["number"]].failures.append(row)
    for row in open_risks(con):
        facts[row["repo"], row["number"]].risks.append(row)
    for row in rows(con, _PULL_REQUESTS):
        facts[row["repo"], row["milestone_number"]].pull_requests.append(row)
    not_green: dict[str, list[Row]] = defaultdict(list)
    for row in rows(con, _NOT_GREEN):
        not_green[row["repo"]].append(row)
    ci = ci_of_milestones(con)
    for key, milestone in facts.items():
        milestone.not_green = not_green[key[0]]
        milestone.ci = ci[key]
    return list(facts.values())
