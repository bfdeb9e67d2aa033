"""The milestone that a name stands for, rule by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.milestones.detection import match_branch, match_pull_request

TITLES = ["Stage 7.2", "Stage 7.3", "Checkout v2", "Observability"]


@pytest.mark.parametrize(
    ("branch", "title"),
    [
        ("feature/stage-7-3", "Stage 7.3"),
        ("feature/stage-7-3-retry-queue", "Stage 7.3"),
        ("stage_7.3/retry", "Stage 7.3"),
        ("ada/Feature/STAGE-7-2", "Stage 7.2"),
        ("feature/checkout-v2-basket", "Checkout v2"),
        ("feature/observability", "Observability"),
    ],
)
def test_a_branch_names_a_known_milestone(branch: str, title: str) -> None:
    match = match_branch(branch, TITLES, {})
    assert match is not None
    assert (match.milestone, match.rule) == (title, "branch_name")


@pytest.mark.parametrize("branch", ["main", "fix/typo", "feature/observabilities", "dependabot/npm/left-pad-1.3.0"])
def test_other_branches_name_none(branch: str) -> None:
    assert match_branch(branch, TITLES, {}) is None


def test_a_longer_version_is_another_milestone_and_unknown_ones_get_the_closest() -> None:
    match = match_branch("feature/stage-7-4", [*TITLES, "Stage 7"], {})
    assert match is not None
    assert (match.milestone, match.rule) == (None, "unknown")
    assert match.closest[0] in {"Stage 7", "Stage 7.2", "Stage 7.3"}


def test_merge_queue_branches_are_no_feature_branches() -> None:
    assert match_branch("gh-readonly-queue/main/pr-12-stage-7-3", TITLES, {}) is None


def test_the_mapping_answers_first_and_is_checked_against_the_titles() -> None:
    mapping = {"feature/checkout-*": "stage 7.3", "team: growth": "Nowhere"}
    mapped = match_branch("feature/checkout-v2", TITLES, mapping)
    assert mapped is not None
    assert (mapped.milestone, mapped.rule) == ("Stage 7.3", "mapping")
    missing = match_pull_request("x", ["team: growth"], "Stage 7.2", TITLES, mapping)
    assert missing is not None
    assert missing.rule == "unknown"


def test_order_for_pull_requests() -> None:
    def rule(
        labels: list[str], milestone: str | None, branch: str = "feature/stage-7-2"
    ) -> tuple[str | None, str] | None:
        match = match_pull_request(branch, labels, milestone, TITLES, {})
        return None if match is None else (match.milestone, match.rule)

    assert rule(["milestone: Stage 7.3"], "Checkout v2") == ("Checkout v2", "github_milestone")
    assert rule(["milestone: stage 7.3"], None) == ("Stage 7.3", "label")
    assert rule(["milestone: Stage 9"], None) == (None, "unknown")
    assert rule(["bug"], None) == ("Stage 7.2", "branch_name")
    assert rule([], None, branch="fix") is None


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=5, unique=True))
def test_any_name_gets_a_known_title_or_none(branch: str, titles: list[str]) -> None:
    match = match_branch(branch, titles, {})
    assert match is None or match.milestone is None or match.milestone in titles
