"""Lines in which nothing can pass any more: deleted and disabled workflows, former default branches, renamed files."""

import pytest

from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import CI, REPO, StoredHistory, at

OLD = ".github/workflows/old.yml"
EPISODES = "select workflow_path, branch, ended_at, closed_by from marts.red_episodes order by started_at, branch"


def _removed(
    history: StoredHistory, time: str, *, workflow_id: int = 7, path: str = CI, state: str = "deleted"
) -> None:
    history.add(
        "raw.workflows", repo=REPO, workflow_id=workflow_id, path=path, state=state, removed_at=at(time),
        created_at=at("01-01 00:00"),
    )  # fmt: skip


def _alive(history: StoredHistory, *, workflow_id: int = 7, path: str = CI, created: str = "01-01 00:00") -> None:
    history.add("raw.workflows", repo=REPO, workflow_id=workflow_id, path=path, state="active", created_at=at(created))


@pytest.mark.parametrize("state", ["deleted", "disabled_manually", "disabled_inactivity", "active"])
def test_an_episode_ends_when_its_workflow_goes(state: str):
    """``active``: the list doesn't name it any more."""
    history = StoredHistory()
    history.run("11-09 10:00", workflow_id=7, sha="a")
    history.run("11-09 12:00", "failure", workflow_id=7, sha="b")
    _removed(history, "11-10 12:10", state=state)
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [(CI, "main", at("11-10 12:10"), "workflow_removed")]
        assert warehouse.row("select is_open, hours, closing_run_id from marts.red_episodes") == (False, 24.0, None)
        assert warehouse.row("select is_red, is_critical, is_removed, red_since from marts.workflow_health") == (
            False,
            False,
            True,
            None,
        )
        assert warehouse.rows("from marts.critical_workflows") == []


def test_an_episode_never_ends_before_it_started():
    history = StoredHistory()
    history.run("11-09 12:00", "failure", workflow_id=7)  # under way when it was disabled
    _removed(history, "11-09 12:05", state="disabled_manually")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [(CI, "main", at("11-09 12:10"), "workflow_removed")]
        assert warehouse.one("select hours from marts.red_episodes") == 0.0


def test_an_episode_that_passed_before_its_workflow_went_is_closed_by_that():
    history = StoredHistory()
    history.run("11-09 12:00", "failure", workflow_id=7, sha="a")
    history.run("11-09 13:00", workflow_id=7, sha="b")
    _removed(history, "11-12 00:00")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [(CI, "main", at("11-09 13:10"), "human_fix")]


def test_a_workflow_that_is_enabled_again_is_alive_and_starts_anew():
    history = StoredHistory()
    history.run("11-02 12:00", "failure", workflow_id=7, sha="a")
    history.run("11-10 12:00", "failure", workflow_id=7, sha="b")
    _alive(history)
    history.add(
        "raw.workflow_returns", repo=REPO, workflow_id=7, removed_at=at("11-03 00:00"), returned_at=at("11-09 00:00")
    )
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [
            (CI, "main", at("11-03 00:00"), "workflow_removed"),
            (CI, "main", None, None),
        ]
        assert warehouse.row("select is_critical, is_red from marts.workflow_health") == (True, True)


def test_a_file_that_is_made_anew_is_alive():
    """GitHub gives it another id: what the deleted one left red is over, the new one is critical."""
    history = StoredHistory()
    history.run("11-02 12:00", "failure", workflow_id=7, sha="a")
    history.run("11-10 12:00", workflow_id=8, sha="b")
    _removed(history, "11-03 00:00")
    _alive(history, workflow_id=8, created="11-09 00:00")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [(CI, "main", at("11-03 00:00"), "workflow_removed")]
        assert warehouse.rows("select workflow_path, is_green from marts.critical_workflows") == [(CI, True)]


def test_of_two_workflows_of_one_file_the_living_one_counts():
    history = StoredHistory()
    history.run("11-02 12:00", "failure", workflow_id=8)
    _removed(history, "11-03 00:00")
    _alive(history, workflow_id=8)
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [(CI, "main", None, None)]


def test_a_renamed_file_keeps_its_history():
    history = StoredHistory()
    history.run("11-02 12:00", "failure", workflow_id=7, workflow_path=OLD, sha="a")
    history.run("11-03 12:00", workflow_id=7, workflow_path=CI, sha="b")
    _alive(history)
    history.add("config.critical_workflows", repo=REPO, workflow_path=OLD)  # by its former name
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("select distinct workflow_path from marts.ci_runs") == [(CI,)]
        assert warehouse.rows(EPISODES) == [(CI, "main", at("11-03 12:10"), "human_fix")]
        assert warehouse.rows("select workflow_path, is_green from marts.critical_workflows") == [(CI, True)]


def test_a_configured_file_whose_name_another_workflow_has_now_means_that_one():
    history = StoredHistory()
    history.run("11-02 12:00", workflow_id=7, workflow_path=OLD)
    history.run("11-03 12:00", "failure", workflow_id=9, workflow_path=OLD)
    _alive(history)
    _alive(history, workflow_id=9, path=OLD)
    history.add("config.critical_workflows", repo=REPO, workflow_path=OLD)
    with history.built() as warehouse:
        assert warehouse.rows("select workflow_path, is_green from marts.critical_workflows") == [(OLD, False)]


def _rule(history: StoredHistory) -> tuple[object, ...]:
    history.milestone()
    with history.built(checked=True) as warehouse:
        return warehouse.row(
            "select points, value, reason from marts.milestone_progress where rule = 'critical_workflows_green'"
        )


def test_a_configured_workflow_that_is_gone_is_named_and_holds_nothing_up():
    history = StoredHistory()
    history.run("11-10 12:00", workflow_id=7)
    history.run("11-10 12:00", "failure", workflow_id=8, workflow_path=OLD)
    _alive(history)
    _removed(history, "11-11 00:00", workflow_id=8, path=OLD)
    history.add("config.critical_workflows", repo=REPO, workflow_path=OLD)
    history.add("config.critical_workflows", repo=REPO, workflow_path=CI)
    reason = "critical workflows green: 1 of 1; configured, but deleted or disabled: old.yml"
    assert _rule(history) == (30, 1.0, reason)


def test_when_every_configured_workflow_is_gone_nothing_is_green():
    history = StoredHistory()
    history.run("11-10 12:00", workflow_id=8, workflow_path=OLD)
    _removed(history, "11-11 00:00", workflow_id=8, path=OLD)
    history.add("config.critical_workflows", repo=REPO, workflow_path=OLD)
    assert _rule(history) == (0, None, "critical workflows green: 0 of 0; configured, but deleted or disabled: old.yml")


def _former(history: StoredHistory, until: str, branch: str = "master", first_seen: str = "01-01 00:00") -> None:
    history.add("raw.default_branches", repo=REPO, branch=branch, first_seen_at=at(first_seen), until=at(until))
    history.add("raw.default_branches", repo=REPO, branch="main", first_seen_at=at(until))


def test_a_former_default_branch_counts_while_it_was_the_default():
    history = StoredHistory()
    history.run("11-02 12:00", branch="master", sha="a")
    history.run("11-05 12:00", branch="master", sha="b")  # of a branch that is kept for old releases
    history.run("11-05 12:00", sha="c")
    _former(history, "11-04 09:00")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("select head_sha, is_default_branch from marts.ci_runs order by 1") == [
            ("a", True),
            ("b", False),
            ("c", True),
        ]
        assert warehouse.rows("select head_sha from marts.default_branch_commits order by 1") == [("a",), ("c",)]


def test_episodes_of_a_former_default_branch_stay_and_open_ones_end_with_it():
    history = StoredHistory()
    history.run("11-01 10:00", "failure", branch="master", sha="a")
    history.run("11-01 11:00", branch="master", sha="b")
    history.run("11-02 12:00", "failure", branch="master", sha="c")
    history.run("11-05 12:00", "failure", sha="d")  # goes on under the new name: an episode of its own
    _former(history, "11-04 12:10")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [
            (CI, "master", at("11-01 11:10"), "human_fix"),
            (CI, "master", at("11-04 12:10"), "renamed"),
            (CI, "main", None, None),
        ]
        assert warehouse.rows("select hours from marts.red_episodes where closed_by = 'renamed'") == [(48.0,)]


def test_a_run_of_the_former_default_branch_that_fails_later_opens_nothing():
    history = StoredHistory()
    history.run("11-04 12:00", "failure", branch="master")
    _former(history, "11-04 12:05")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [(CI, "master", at("11-04 12:10"), "renamed")]


def test_a_branch_in_between_counts_for_its_own_time():
    """master, then trunk, then main."""
    history = StoredHistory()
    for number, time in enumerate(["11-01 12:00", "11-04 12:00", "11-08 12:00"]):
        history.run(time, branch="trunk", sha=f"{number}")
    _former(history, "11-03 00:00")
    history.rows["raw.default_branches"].pop()
    _former(history, "11-06 00:00", "trunk", "11-03 00:00")
    with history.built(checked=True) as warehouse:
        assert warehouse.rows("select head_sha from marts.ci_runs where is_default_branch") == [("1",)]


def test_a_branch_that_is_the_default_again_always_counts():
    history = StoredHistory()
    history.run("11-01 12:00", sha="a")
    history.run("11-05 12:00", sha="b")
    history.add(
        "raw.default_branches", repo=REPO, branch="main", first_seen_at=at("01-01 00:00"), until=at("11-03 00:00")
    )
    _former(history, "11-06 00:00", "trunk", "11-03 00:00")
    with history.built(checked=True) as warehouse:
        assert warehouse.one("select count(*) from marts.ci_runs where is_default_branch") == 2


def test_the_configuration_knows_better_than_readings_when_a_branch_was_the_default():
    history = StoredHistory()
    history.run("10-20 12:00", "failure", branch="master", sha="a")
    history.run("10-22 12:00", "failure", branch="master", sha="b")
    _former(history, "11-04 09:00")
    history.add("config.default_branches", repo=REPO, branch="master", until=at("10-21 00:00"))
    with history.built(checked=True) as warehouse:
        assert warehouse.rows(EPISODES) == [(CI, "master", at("10-21 00:00"), "renamed")]
        assert warehouse.one("select count(*) from marts.ci_runs where is_default_branch") == 1


def test_the_configuration_alone_is_enough():
    history = StoredHistory()
    history.run("10-20 12:00", branch="master")
    history.add("config.default_branches", repo=REPO, branch="master", until=at("10-21 00:00"))
    history.add(
        "config.default_branches", repo=REPO, branch="main", until=at("10-01 00:00")
    )  # it still is: no former one
    history.run("11-01 12:00", sha="b")
    with history.built(checked=True) as warehouse:
        assert warehouse.one("select count(*) from marts.ci_runs where is_default_branch") == 2


def test_what_went_without_turning_green_is_no_recovery():
    """One workflow was green after an hour, another was deleted after a day: it was red for at least that long."""
    history = StoredHistory()
    history.run("11-09 11:00", "failure", workflow_id=7, sha="a")
    history.run("11-09 12:00", workflow_id=7, sha="b")
    history.run("11-10 11:00", "failure", workflow_id=8, workflow_path=OLD, sha="c")
    _removed(history, "11-11 11:10", workflow_id=8, path=OLD)
    with history.built(checked=True) as warehouse:
        found = "select episodes_closed, episodes_open, recovery_mean_hours, recovery_median_hours, recovery_p90_hours"
        assert warehouse.row(f"{found} from marts.recovery_by_period where repo = '*' and grain = 'week'") == (
            2,
            0,
            1.0,
            1.0,
            None,
        )
