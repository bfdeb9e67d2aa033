"""New comments are made where they are worth one; those that are there are kept up to date."""

from roadmap_pipeline_tests.sync.conftest import PULLS, SimulatedServices

RED = "**CI: 1 failing job**\n\n- 🔴 `unit`\n\n<sub>off: …</sub>"
GREEN = "**CI: passed**\n\n<sub>off: …</sub>"
SHORT = "**CI: passed** · <sub>off</sub>"
PULL = PULLS[0]
AS_OF = "<sub>as of 2026-11-16 06:00 UTC</sub>"


def _wanted(services: SimulatedServices, body: str, when_new: str, *, may_create: bool) -> None:
    """Let the tables want this of one pull request, and nothing of the others."""
    services.sql("delete from config.parameters")
    services.sql("insert into config.parameters (as_of) values ('2026-11-16 06:00:00')")
    services.sql("delete from publish.pull_request_comments where (repo, number) <> (?, ?)", PULL)
    services.sql(
        "update publish.pull_request_comments set body = ?, body_when_new = ?, may_create = ?",
        [body, when_new, may_create],
    )


def _synced(services: SimulatedServices) -> list[str]:
    """Return our comments of the pull request after a sync, without their marker."""
    result = services.sync("comments")
    assert (result.failed, result.refused) == ([], [])
    comments = [comment["body"] for comment in services.comments(*PULL)]
    return [body.partition("\n")[2] for body in comments if body.startswith("<!-- gh-roadmap:v1")]


def _writes_nothing(services: SimulatedServices) -> None:
    services.writes()
    assert services.sync("comments").plan.changes == ()
    assert services.writes() == []


def test_what_is_not_worth_a_comment_gets_none(prepared: SimulatedServices) -> None:
    _wanted(prepared, GREEN, SHORT, may_create=False)
    assert _synced(prepared) == []
    _writes_nothing(prepared)


def test_a_green_one_begins_as_a_line_and_stays_one_until_something_fails(prepared: SimulatedServices) -> None:
    _wanted(prepared, GREEN, SHORT, may_create=True)
    assert _synced(prepared) == [f"{SHORT} {AS_OF}"]
    _writes_nothing(prepared)
    later = SHORT.replace("passed", "all 3 runs passed")
    _wanted(prepared, GREEN.replace("passed", "all 3 runs passed"), later, may_create=True)
    assert _synced(prepared) == [f"{later} {AS_OF}"]
    _wanted(prepared, RED, RED, may_create=True)
    assert _synced(prepared) == [f"{RED}\n\n{AS_OF}"]
    _writes_nothing(prepared)


def test_a_red_one_turns_green_and_stays_in_full(prepared: SimulatedServices) -> None:
    _wanted(prepared, RED, RED, may_create=True)
    assert _synced(prepared) == [f"{RED}\n\n{AS_OF}"]
    # Also where no new one would be made.
    _wanted(prepared, GREEN, SHORT, may_create=False)
    assert _synced(prepared) == [f"{GREEN}\n\n{AS_OF}"]
    _writes_nothing(prepared)


def test_one_that_somebody_deleted_comes_back_only_if_it_is_still_worth_it(prepared: SimulatedServices) -> None:
    _wanted(prepared, RED, RED, may_create=True)
    _synced(prepared)
    prepared.github.activity.delete_comment(PULL[0], prepared.comments(*PULL)[-1]["id"])
    _wanted(prepared, RED, RED, may_create=False)
    assert _synced(prepared) == []
    _wanted(prepared, RED, RED, may_create=True)
    assert _synced(prepared) == [f"{RED}\n\n{AS_OF}"]


def test_a_dry_run_shows_the_text_that_is_written(prepared: SimulatedServices) -> None:
    _wanted(prepared, GREEN, SHORT, may_create=True)
    (change,) = prepared.sync("comments", dry_run=True).plan.changes
    assert [field.after for field in change.fields] == _synced(prepared)
