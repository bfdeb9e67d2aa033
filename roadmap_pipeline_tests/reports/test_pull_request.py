"""The sticky comments of a small history: one pull request for each thing there is to say."""

from collections.abc import Iterator
from typing import Any

import pytest

from roadmap_pipeline.reports.pull_request import pull_request_comments
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory, Warehouse, at
from roadmap_pipeline_tests.reports.histories import fails, judge
from roadmap_pipeline_tests.reports.markdown import HOSTILE, assert_harmless

MILESTONE = "Milestone Stage 7.3: progress 0 %, 25 % of the work done · target 2026-12-11"
DETAILS = ("<details><summary>Milestone progress explained</summary>", "</details>")
FOLD = (*DETAILS, "<sub>", "</sub>")
FOOTER = (
    "<sub>One comment, kept up to date, on pull requests on which something failed, and on green ones of a milestone."
    ' To switch new ones off: `create = "never"` under `[comments]` in `roadmap.toml`.</sub>'
)
OFF = " · <sub>off: `comments.when_green`</sub>"
LINT, E2E, BUILD = (f".github/workflows/{name}.yml" for name in ("lint", "e2e", "build"))


class Pulls:
    """A stored with pull requests, and runs of their head commits."""

    def __init__(self) -> None:
        self.stored = StoredHistory()

    def open(self, number: int, **values: Any) -> str:
        self.stored.pull_request(number, **{"head_sha": f"{number:07d}abc"} | values)
        return f"{number:07d}abc"

    def ran(self, sha: str, conclusion: str | None = "success", path: str = BUILD, **values: Any) -> int:
        values = {"branch": "topic", "event": "pull_request"} | values
        return self.stored.run("11-12 10:00", conclusion, sha=sha, workflow_path=path, **values)

    def failed(self, sha: str, *verdict: Any, path: str = BUILD, **values: Any) -> None:
        fails(self.stored, "11-12 10:00", *verdict, sha=sha, workflow_path=path, **values)


def history() -> StoredHistory:
    """Return twenty pull requests, the first ten for a verdict each, the rest for what is beside verdicts."""
    pulls = Pulls()
    pulls.stored.milestone("Stage 7.3", due_on=at("12-11 00:00"), closed_issues=1)
    _add_verdicts(pulls)
    _add_circumstances(pulls)
    return pulls.stored


def _add_verdicts(pulls: "Pulls") -> None:
    stored = pulls.stored
    sha = pulls.open(1)
    pulls.ran(sha)

    sha = pulls.open(2)
    pulls.ran(sha), pulls.ran(sha, path=LINT), pulls.ran(sha, path=E2E)

    sha = pulls.open(3)
    pulls.ran(sha), pulls.ran(sha, None, LINT), pulls.ran(sha, None, E2E)

    sha = pulls.open(4)
    pulls.ran(sha, None)

    pulls.open(5)

    sha = pulls.open(6)  # flaky: the job of the same workflow also passed on this commit
    pulls.failed(sha, job="browser", path=E2E)
    pulls.ran(sha, path=E2E, event="push", jobs={"browser": "success"})

    # Pre-existing: the default branch failed in the same job before, for the same reason.
    fails(stored, "11-11 10:00", job="style", sha="main1", branch="main", event="push", workflow_path=LINT,
          fingerprint="style")  # fmt: skip
    sha = pulls.open(7)
    pulls.failed(sha, "lint_format", job="style", path=LINT, fingerprint="style")

    sha = pulls.open(8)
    pulls.failed(sha, "network", domain="platform", retryable=True, job="deploy", evidence="503 Service Unavailable")

    sha = pulls.open(9)
    jobs = {f"unit ({number})": "failure" for number in range(7)}
    pulls.ran(sha, "failure", jobs=jobs)
    for job in stored.rows["raw.workflow_jobs"][-7:]:
        judge(stored, job, "test", evidence=f"FAILED {job['name']}")

    sha = pulls.open(10, head_repo="stranger/payments")
    pulls.failed(sha, "test", evidence="buy at shady.example", head_repo="stranger/payments")


def _add_circumstances(pulls: "Pulls") -> None:
    stored = pulls.stored
    sha = pulls.open(11)
    stored.add("derived.pull_request_milestones", repo=REPO, number=11, milestone="Stage 7.3", rule="label")
    pulls.ran(sha)

    sha = pulls.open(12)
    pulls.ran(sha, "startup_failure", jobs={})

    sha = pulls.open(13)  # continue-on-error: the job failed, its run did not
    pulls.ran(sha, jobs={"optional": "failure"})

    sha = pulls.open(14)  # of everything something, and a run still going
    pulls.failed(sha, "compile", job="build")
    pulls.failed(sha, "network", domain="platform", retryable=True, job="deploy")
    pulls.failed(sha, None, job="mystery", path=E2E)
    pulls.ran(sha, None, LINT)

    sha = pulls.open(15)
    pulls.failed(sha, "dependency_install", domain="platform", job="install")

    pulls.open(16, state="closed")

    sha = pulls.open(17, head_repo=None)  # its fork was deleted
    pulls.failed(sha, "test", evidence="what it printed")

    sha = pulls.open(18)
    pulls.failed(sha, None, job="mystery")
    pulls.failed(sha, "network", domain="platform", retryable=True, job="deploy")

    sha = pulls.open(19)  # somebody called the run off after a job had failed
    pulls.ran(sha, "cancelled", jobs={"test": "failure"})
    pulls.ran(sha, path=LINT)

    sha = pulls.open(20)  # failed first, passed when run again
    run = pulls.ran(sha, "failure")
    stored.run("11-12 10:00", sha=sha, run_id=run, attempt=2, started="11-12 11:00", branch="topic",
              event="pull_request", workflow_path=BUILD)  # fmt: skip


@pytest.fixture(scope="module")
def comments() -> Iterator[dict[int, dict[str, Any]]]:
    with history().built() as warehouse:
        yield {row["number"]: row for row in pull_request_comments(warehouse.con)}


@pytest.fixture(scope="module")
def bodies(comments: dict[int, dict[str, Any]]) -> dict[int, str]:
    return {number: row["body"] for number, row in comments.items()}


def _bodies(warehouse: Warehouse) -> dict[int, str]:
    return {row["number"]: row["body"] for row in pull_request_comments(warehouse.con)}


def _failures(body: str) -> list[str]:
    """Return the lines of the failing jobs and what stands below each."""
    return [line for line in body.partition("<details>")[0].splitlines() if line.startswith(("- ", "  - "))]


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        (1, "CI: passed"),
        (2, "CI: all 3 runs passed"),
        (3, "CI: 1 of 3 runs passed, 2 still going"),
        (4, "CI: 1 run still going"),
        (5, "CI: no run for this commit yet"),
        (6, "CI: 1 failing job, probably not from this change"),
        (7, "CI: 1 failing job, probably not from this change"),
        (8, "CI: 1 failing job, probably not from this change"),
        (9, "CI: 7 failing jobs, probably from this change"),
        (10, "CI: 1 failing job, probably from this change"),
        (11, "CI: passed"),
        (12, "CI: 1 of 1 run failed without a failed job"),
        (13, "CI: passed"),
        (14, "CI: 1 of 3 failing jobs probably from this change, 1 unclear, 1 run still going"),
        (15, "CI: 1 failing job, unclear whether from this change"),
        (18, "CI: 1 of 2 failing jobs unclear, the others probably not from this change"),
        (19, "CI: passed"),
        (20, "CI: passed"),
    ],
)
def test_the_verdict_comes_first(bodies: dict[int, str], number: int, verdict: str) -> None:
    assert bodies[number].startswith(f"**{verdict}** · commit `{number:07d}`")


def test_only_open_pull_requests_have_one(bodies: dict[int, str]) -> None:
    assert list(bodies) == [number for number in range(1, 21) if number != 16]


def test_quiet_when_there_is_nothing_to_say(comments: dict[int, dict[str, Any]]) -> None:
    """A new one is a line; one that said more keeps saying where it comes from."""
    for number in (1, 2, 3, 4, 5, 13, 19, 20):
        head, *rest = comments[number]["body"].splitlines()
        assert rest == ["", FOOTER]
        assert comments[number]["body_when_new"] == head + OFF


def test_a_new_one_is_a_line_unless_something_failed(comments: dict[int, dict[str, Any]]) -> None:
    states = {number: row["state"] for number, row in comments.items()}
    assert {number for number, state in states.items() if state == "green"} == {1, 2, 11, 13, 19, 20}
    assert {number for number, state in states.items() if state == "going"} == {3, 4}
    assert {number for number, state in states.items() if state == "none"} == {5}
    for row in comments.values():
        assert (row["body_when_new"] == row["body"]) == (row["state"] == "red")
        assert ("\n" in row["body_when_new"]) == (row["state"] == "red")
    assert comments[11]["body_when_new"] == (f"**CI: passed** · commit `0000011` · {MILESTONE}{OFF}")
    assert {number for number, row in comments.items() if row["going_since"]} == {3, 4, 14}


@pytest.mark.parametrize(
    ("number", "start", "end"),
    [
        (6, "- 🟡 [`browser`](", " · **known flaky: the same job passed on this commit** → run it again"),
        (7, "- 🟠 [`style`](", " · **not this change**: [also failed on main in the last run, at 2026\\-11\\-11 10:10"
                               " UTC \\(commit main1\\)](https://github.com/"),
        (8, "- 🔵 [`deploy`](", " · network: `503 Service Unavailable` · **infrastructure**: network says nothing about"
                                " the code, and may be gone next time → run it again"),
        (10, "- 🔴 [`test`](", " · test · **probably this change**: main did not fail like this, and the job did not"
                               " pass on this commit"),
        (15, "- ⚪ [`install`](", " · **may or may not be this change**: dependency install may come from the change or"
                                  " from what it runs on"),
    ],
)  # fmt: skip
def test_each_failing_job_says_what_to_make_of_it(bodies: dict[int, str], number: int, start: str, end: str) -> None:
    (line,) = _failures(bodies[number])
    assert line.startswith(start)
    assert end in line


def test_at_most_five_failing_jobs_are_shown_and_the_others_counted(bodies: dict[int, str]) -> None:
    lines = _failures(bodies[9])
    assert len(lines) == 6
    assert lines[0] == (
        "- 🔴 `unit (0)` · test: `FAILED unit (0)` · **probably this change**: main did not fail like this, and the job"
        " did not pass on this commit"
    )
    assert lines[-1] == "- … and 2 more failing jobs"


def test_what_is_ours_stands_first(bodies: dict[int, str]) -> None:
    assert [line[2] for line in _failures(bodies[14])] == ["🔴", "⚪", "🔵"]
    assert "⚪ [`mystery`](" in bodies[14]
    assert "· unknown cause · **may or may not be this change**: the cause was not recognised" in bodies[14]


def test_what_a_forks_jobs_print_is_not_repeated(bodies: dict[int, str]) -> None:
    assert "shady" not in bodies[10]
    assert "printed" not in bodies[17]
    assert " · test · **probably this change**" in bodies[10]


def test_the_milestone_and_why_it_stands_where_it_stands(bodies: dict[int, str]) -> None:
    head, *rest = bodies[11].splitlines()
    assert head == f"**CI: passed** · commit `0000011` · {MILESTONE}"
    assert [rest[1], rest[-3], rest[-1]] == [*DETAILS, FOOTER]
    rules = [line for line in rest if line.startswith("- ")]
    assert [line.split(":")[0] for line in rules] == [
        "- 0 of 30 points", "- 0 of 30 points", "- 0 of 25 points", "- 0 of 15 points",
    ]  # fmt: skip
    assert "no runs in the last 28 days. A passing run would give \\+25" in rules[2]
    assert "Milestone" not in bodies[10]


def test_the_same_tables_give_the_same_bytes(bodies: dict[int, str]) -> None:
    with history().built() as warehouse:
        assert _bodies(warehouse) == bodies == _bodies(warehouse)


def test_nothing_that_strangers_write_has_an_effect() -> None:
    pulls = Pulls()
    stored = pulls.stored
    for number, nasty in enumerate(HOSTILE, 1):
        sha = pulls.open(number, title=nasty, head_branch=nasty)
        stored.milestone(nasty, number)
        stored.add("derived.pull_request_milestones", repo=REPO, number=number, milestone=nasty, rule="label")
        pulls.failed(sha, job=nasty, evidence=nasty, branch=nasty)
        stored.rows["raw.workflow_jobs"][-1]["html_url"] += nasty if number % 2 else ""
        stored.run("11-12 09:00", "failure", sha="m", workflow_path=f".github/workflows/{nasty}", jobs={})
    with stored.built() as warehouse:
        bodies = _bodies(warehouse)
    assert len(bodies) == len(HOSTILE)
    for body in bodies.values():
        found = assert_harmless(body, html=FOLD)
        assert found.headings == []
        assert len(found.html) == 4  # the fold is still closed where we close it
        assert body.count("\n- ") == 5  # one failing job, four rules: no line was broken


def test_which_tests_failed() -> None:
    """At most three of them by name, none where a fork's job says so; a gate only says that others failed."""
    pulls = Pulls()
    sha = pulls.open(1)
    pulls.failed(sha, job="unit")
    names = ["a/test_cart.py::test_total", "b/test_cart.py::test_tax", "c.py::test_`x`", "d.py::test_d"]
    verdict = pulls.stored.rows["derived.failure_verdicts"][-1]
    verdict |= {
        "failed_tests": names, "failed_tests_why": ["AssertionError: 1 != 2", "", "a|b @ada", ""],
        "failed_tests_count": 60, "known_by": "tests",
    }  # fmt: skip
    run = pulls.stored.rows["raw.workflow_runs"][-1]
    gate = pulls.stored.job("all green", "failure", run, at("11-12 10:10"), at("11-12 10:11"))
    pulls.stored.job("title", "failure", run, at("11-12 10:00"), at("11-12 10:01"))
    for job in pulls.stored.rows["raw.workflow_jobs"][-2:]:
        judge(pulls.stored, job, "policy_gate", "pipeline", evidence="All required jobs must be green")
    fork = pulls.open(2, head_repo="stranger/payments")
    pulls.failed(fork, head_repo="stranger/payments")
    pulls.stored.rows["derived.failure_verdicts"][-1] |= {
        "failed_tests": ["buy now"], "failed_tests_why": [""], "failed_tests_count": 1, "known_by": "tests",
    }  # fmt: skip
    with pulls.stored.built() as warehouse:
        bodies = _bodies(warehouse)
        assert warehouse.rows("select job_id from marts.ci_verdicts where is_consequence") == [(gate,)]
    assert bodies[1].startswith("**CI: 2 failing jobs, probably from this change**")
    why = "**probably this change**: main did not fail like this, and the job did not pass on this commit"
    lines = _failures(bodies[1])
    assert lines[0] == f"- 🔴 `title` · policy gate: `All required jobs must be green` · {why}"
    assert lines[1].startswith("- 🔴 [`unit`](") and lines[1].endswith(f") · test · {why}")
    assert lines[2:] == [
        "  - `a/test_cart.py::test_total`: `AssertionError: 1 != 2`",
        "  - `b/test_cart.py::test_tax`",
        "  - `` c.py::test_`x` ``: `a│b @ada`",
        "  - … and 57 more failing tests",
        "- `all green` only says that another job failed",
    ]
    assert "buy" not in bodies[2]
    for body in bodies.values():
        assert_harmless(body, html=FOLD)


@pytest.mark.parametrize(
    ("when_green", "occasions"),
    [
        ("always", "on open pull requests."),
        ("edit_only", "on pull requests on which something failed."),
        ("milestone", "on pull requests on which something failed, and on green ones of a milestone."),
    ],
)
def test_the_footer_says_why_a_comment_is_there(when_green: str, occasions: str) -> None:
    pulls = Pulls()
    pulls.ran(pulls.open(1))
    pulls.stored.parameters = {"comments_when_green": when_green}
    with pulls.stored.built() as warehouse:
        assert occasions in _bodies(warehouse)[1]
