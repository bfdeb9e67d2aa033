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


UNKNOWN = "?"
"""Speaks of a milestone that is not known."""

BRANCHES = {
    # what teams call their branches
    "feature/stage-7-3": "Stage 7.3",
    "feature/stage-7-3-retry-queue": "Stage 7.3",
    "feature/stage_7.3": "Stage 7.3",
    "stage-7-3": "Stage 7.3",
    "stage_7.3-fix": "Stage 7.3",
    "stage_7.3/retry": "Stage 7.3",
    "Stage-7.2": "Stage 7.2",
    "stage7.3": "Stage 7.3",
    "stage7-3/limits": "Stage 7.3",
    "feature/stage-7.3.1": UNKNOWN,  # a number that goes on is another version
    "feature/stage-7": UNKNOWN,
    "stage73": UNKNOWN,  # 7.3 or 73: nobody guesses
    "feature-stage-7-3": "Stage 7.3",
    "fix_stage_7_2_rounding": "Stage 7.2",
    "hotfix/stage-7-2": "Stage 7.2",
    "ada/feature/stage-7-3": "Stage 7.3",
    "users/ada/stage-7-3": "Stage 7.3",
    "ada-stage-7-3": "Stage 7.3",
    "user/abc/7-3": None,  # a number alone may be anything
    "7-3": None,
    "abc/7.3-fix": None,
    "JIRA-123-stage-7-3": "Stage 7.3",
    "PAY-4711_stage-7-3-limits": "Stage 7.3",
    "feature/PAY-4711-checkout-v2": "Checkout v2",
    "JIRA-123-fix-rounding": None,
    "JIRA-73": None,
    "123-stage-7-3": "Stage 7.3",  # GitHub's "Create a branch" of issue 123
    "88-add-a-guard": None,
    "issue-7-3": None,
    "checkout-v2": "Checkout v2",
    "feature/checkout-2": "Checkout v2",
    "feature/checkout-v20": None,
    "feature/checkout-v2.1": None,
    "epic/checkout_v2/basket": "Checkout v2",
    "feature/checkout": None,
    "observability": "Observability",
    "feat/observability-traces": "Observability",
    "feature/improve-observability": None,  # a word alone must begin the name
    "feature/observabilities": None,
    "wip-observability": "Observability",
    # of milestones that are not known
    "milestone-9": UNKNOWN,
    "feature/sprint-12-cleanup": UNKNOWN,
    "JIRA-123-stage-9": UNKNOWN,
    "iteration/12": UNKNOWN,
    # releases and long-lived branches
    "main": None,
    "develop": None,
    "release/v7.3": None,
    "release/7.3": None,
    "v7.3.x": None,
    "release-stage-7-3": "Stage 7.3",
    "backport-12-to-release/7.2": None,
    # what programs make
    "gh-readonly-queue/main/pr-12-stage-7-3": None,
    "dependabot/npm_and_yarn/observability-1.3.0": None,
    "dependabot/github_actions/actions/checkout-v2": None,
    "renovate/checkout-2.x": None,
    "snyk-upgrade-stage-7-3": None,
    "pre-commit-ci-update-config": None,
    "changeset-release/main": None,
    "release-please--branches--main": None,
    "graphite-base/1234": None,
    "revert-12-feature/stage-7-3": "Stage 7.3",
    "revert-12-stage-7-3": "Stage 7.3",
    "revert-73-main": None,
    "copilot/fix-stage-7-3-retries": "Stage 7.3",
    "copilot/fix-73": None,
    "claude/stage-7-3-limits-Ab12C": "Stage 7.3",
    "codex/add-observability-dashboards": None,
    "cursor/checkout-v2-basket-1f3a": "Checkout v2",
    "patch-1": None,
}


@pytest.mark.parametrize(("branch", "expected"), BRANCHES.items())
def test_real_names_of_branches(branch: str, expected: str | None) -> None:
    match = match_branch(branch, TITLES, {})
    if expected is None or expected == UNKNOWN:
        assert (match is None or match.milestone is None) and (match is not None) == (expected == UNKNOWN)
    else:
        assert match is not None
        assert (match.milestone, match.rule) == (expected, "branch_name")


@pytest.mark.parametrize("branch", ["stage73", "feature/stage-7.3.1", "feature/stage-7"])
def test_what_is_not_known_is_told_with_the_closest_names(branch: str) -> None:
    match = match_branch(branch, TITLES, {})
    assert match is not None and set(match.closest) >= {"Stage 7.3", "Stage 7.2"}


def test_milestones_that_are_versions() -> None:
    titles = ["v2", "7.3", "v8.0"]
    named = {
        branch: match and match.milestone
        for branch in ("release/v7.3", "v7.3-rc", "release/8.0", "v2", "feature/v2-basket", "2-fix", "left-pad-7.3.1")
        for match in [match_branch(branch, titles, {})]
    }
    assert named == {
        "release/v7.3": "7.3", "v7.3-rc": "7.3", "release/8.0": "v8.0", "v2": "v2", "feature/v2-basket": "v2",
        "2-fix": None, "left-pad-7.3.1": None,
    }  # fmt: skip


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
    assert rule(["milestone:"], None) == ("Stage 7.2", "branch_name")
    assert rule(["bug"], None) == ("Stage 7.2", "branch_name")
    assert rule([], None, branch="fix") is None


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=5, unique=True))
def test_any_name_gets_a_known_title_or_none(branch: str, titles: list[str]) -> None:
    match = match_branch(branch, titles, {})
    assert match is None or match.milestone is None or match.milestone in titles
