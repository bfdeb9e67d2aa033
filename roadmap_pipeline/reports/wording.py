"""The sentences of the weekly report, each made by rule from rows of the marts.

Belongs here: choosing words, plurals and links. No number is computed; where few cases say little, the sentence says so
or is left out.
"""

from collections.abc import Sequence

from roadmap_pipeline.failures.display import as_code, escape_markdown
from roadmap_pipeline.reports import format as fmt
from roadmap_pipeline.reports.tables import Row

_TITLE_CHARS = 60
_TEST_CHARS = 100
_EVIDENCE_CHARS = 90

MECHANISMS = {
    "auto_rerun": "run again",
    "bot_commit": "commit",
    "auto_revert": "revert",
    "bot_pr": "pull request",
    "declared": "declared commit",
}
"""``marts.autofix_attempts.mechanism`` in words."""

OUTCOMES = {
    "fixed": "fixed",
    "failed": "failed",
    "superseded_by_human": "overtaken by a person",
    "pending": "result pending",
    "unverified": "no run shows a result",
}
"""``marts.autofix_attempts.outcome`` in words."""

ENDINGS = {
    "rerun_same_sha": "running it again",
    "revert": "a revert",
    "bot_fix": "a bot's commit",
    "human_fix": "a person's commit",
    "workflow_removed": "the workflow's removal",
    "renamed": "another default branch",
}
"""``marts.red_episodes.closed_by`` in words."""

WASTE = {
    "made_green_seconds": "in attempts that were run again until they passed",
    "superseded_seconds": "in runs that a newer one cancelled",
    "timeout_seconds": "in jobs that ran into their time limit",
    "rerun_seconds": "in second and later attempts",
}
"""The buckets of wasted time in words, by column of ``marts.ci_weekly``."""

MUCH_WASTE = 0.1
"""From which share of the job time on the report speaks of waste."""

VERDICTS = {
    "this_change": "probably from the change",
    "known_flaky": "known flaky",
    "already_failing": "already failing on the default branch",
    "infrastructure": "from the infrastructure",
    "unclear": "unclear",
}
"""``marts.ci_verdicts.verdict`` in words."""


def title(text: str) -> str:
    """Return a milestone's title as Markdown that reads as it was written, shortened."""
    return escape_markdown(text if len(text) <= _TITLE_CHARS else text[: _TITLE_CHARS - 1].rstrip() + "…")


def headline(now: Row, before: Row, episodes: Sequence[Row], categories: Sequence[Row]) -> str:
    """Return how many passed, what is red, what failed most: one sentence each."""
    return " ".join((_passed(now, before), _red(now, episodes), _failed(now, categories)))


def _passed(now: Row, before: Row) -> str:
    if not now["runs"]:
        return "**No run was created in this week.**"
    if not now["conclusive_runs"]:
        return f"**None of {fmt.several(now['runs'], 'run')} passed or failed.**"
    if now["conclusive_runs"] < fmt.FEW:
        return (
            f"**{now['passed_runs']} of {fmt.several(now['conclusive_runs'], 'run')} passed in the end**,"
            f" {now['passed_first_attempts']} of {now['conclusive_first_attempts']} at the first try."
        )
    few = (before.get("conclusive_runs") or 0) < fmt.FEW or not (before["is_comparable"] and now["is_comparable"])
    change = fmt.MISSING if few else fmt.points(before.get("final_pass_rate"), now["final_pass_rate"])
    return (
        f"**{fmt.percent(now['final_pass_rate'])} of {fmt.several(now['conclusive_runs'], 'run')} passed in the end**"
        f"{'' if change == fmt.MISSING else f' ({change})'}, {_at_first(now)} at the first try."
    )


def _at_first(now: Row) -> str:
    if now["conclusive_first_attempts"] < fmt.FEW:
        return f"{now['passed_first_attempts']} of {now['conclusive_first_attempts']}"
    return fmt.percent(now["first_attempt_pass_rate"])


def _red(now: Row, episodes: Sequence[Row]) -> str:
    over = now["is_over"]
    red = [row for row in episodes if row["is_red"]]
    if not episodes:
        return "No default branch was red."
    if not red:
        return "No default branch was red at the end." if over else "No default branch is red."
    longest = max(red, key=lambda row: row["hours"])
    name = f"{as_code(longest['workflow'], 40)} of {longest['repo']}"
    duration = fmt.hours(longest["hours"])
    if len(red) == 1:
        return f"{name} {'ended the week' if over else 'is'} red on the default branch, for {duration}."
    return (
        f"{len(red)} workflows {'ended the week' if over else 'are'} red on the default branch,"
        f" the longest for {duration}: {name}."
    )


def _failed(now: Row, categories: Sequence[Row]) -> str:
    jobs = now["failed_job_attempts"]
    if not jobs:
        if now["failed_runs"]:
            return f"{fmt.several(now['failed_runs'], 'run')} failed without a failed job."
        return "No job failed."
    top = categories[0]
    if top["failed_job_attempts"] == jobs:
        if top["category"] == "unknown":
            return f"The cause of {_all(jobs, 'failed job')} is unknown."
        return f"{_all(jobs, 'failed job').capitalize()}: {fmt.cause(top['category'])}."
    if jobs < fmt.FEW:
        present = [row for row in categories if row["failed_job_attempts"]]
        named = [f"{fmt.cause(row['category'])} ({row['failed_job_attempts']})" for row in present]
        return f"{fmt.several(jobs, 'job')} failed: {', '.join(named)}."
    hits = f", {fmt.several(top['pull_requests'], 'pull request')} hit" if top["pull_requests"] else ""
    return (
        f"Top cause: {fmt.cause(top['category'])}, {fmt.count(top['failed_job_attempts'])} of"
        f" {fmt.several(jobs, 'failed job')}{hits}."
    )


def _all(number: int, noun: str) -> str:
    return f"the only {noun}" if number == 1 else f"all {number:,} {noun}s"


def trend(now: Row) -> str | None:
    """Return whether the pass rate moved beyond chance; None without two weeks to compare."""
    if now["final_pass_rate_delta"] is None:
        return None
    few = min(now["conclusive_runs"], now["previous_conclusive_runs"]) < fmt.FEW
    change = fmt.points(now["previous_final_pass_rate"], now["final_pass_rate"])
    text = (
        f"Passed in the end: **{now['trend']}**, {change} (95 % interval"
        f" {_signed(now['final_pass_rate_delta_low'])} to {_signed(now['final_pass_rate_delta_high'])} pp;"
        f" {fmt.several(now['conclusive_runs'], 'run')} against {now['previous_conclusive_runs']:,})."
    )
    return f"*{text.replace('**', '')}*" if few else text


def _signed(fraction: float) -> str:
    return fmt.difference(0.0, 100 * fraction, digits=1)


def waste(now: Row, worst: Sequence[Row]) -> str | None:
    """Return how much of the job time was for nothing, and where most of it; None up to a tenth."""
    buckets = {words: now[column] for column, words in WASTE.items()}
    wasted = sum(buckets.values())
    if not now["job_seconds"] or wasted <= MUCH_WASTE * now["job_seconds"]:
        return None
    parts = sorted(((seconds, words) for words, seconds in buckets.items() if seconds), key=lambda part: -part[0])
    text = (
        f"**{fmt.percent(wasted / now['job_seconds'])} of the job time was wasted**, {fmt.seconds(wasted)} of"
        f" {fmt.seconds(now['job_seconds'])}: {', '.join(f'{fmt.seconds(part)} {words}' for part, words in parts)}."
    )
    for row in worst:
        job = f"{as_code(row['job_base_name'], 60)} in {as_code(row['workflow'], 40)} of {row['repo']}"
        text += f" Most of it in {job}, {fmt.seconds(row['wasted_seconds'])} (`marts.waste_weekly`)."
    return text


def failure(row: Row, since: str = "") -> str:
    """Return one group of equal failures: what fails where, whom it hit, since when (if told), an example."""
    job = as_code(row["job_base_name"] or "", 60)
    place = f"in {job} of {row['repo']}" if job else f"in {row['repo']}"
    parts = [f"{failing(row)} {place}: {fmt.several(row['failed_job_attempts'], 'failed job')}"]
    if row["pull_requests"]:
        parts.append(f"{fmt.several(row['pull_requests'], 'pull request')} hit")
    if row["hit_default_branch"]:
        parts.append("default branch hit")
    example = fmt.link("example", row["example_url"])
    return " · ".join((", ".join(parts), *filter(None, (since, example if example != "example" else ""))))


def failing(row: Row) -> str:
    """Return what fails: the test by its name, else the cause with the line that proves it."""
    category = fmt.cause(row["category"])
    if row["test"]:
        others = (row["tests"] or 1) - 1
        more = f" and {fmt.several(others, 'more test')}" if others > 0 else ""
        return f"{as_code(row['test'], _TEST_CHARS)}{more} ({category})"
    line = as_code(row["evidence"] or "", _EVIDENCE_CHARS)
    return f"{category}, {line}," if line else category


def repairs(now: Row) -> str:
    """Return what became of the week's automatic repairs."""
    text = f"{fmt.several(now['autofix_attempts'], 'automatic repair')}: {fmt.count(now['autofix_fixed'])} worked"
    if now["autofix_fixed"]:
        text += (
            f" ({fmt.count(now['autofix_repaired'])} by a change,"
            f" {fmt.count(now['autofix_retry_recovered'])} by running again, which repairs nothing)"
        )
    text += f", {fmt.count(now['autofix_failed'])} failed."
    if now["autofix_attempts"] > now["autofix_judged"]:
        text += " What has no result or was overtaken by a person is in no rate."
    return text


def quiet(now: Row, episodes: Sequence[Row], flaky: Sequence[Row], milestones: Sequence[Row] | None) -> str:
    """Return what there is nothing to report on, in one sentence; empty when every section has something.

    ``milestones`` are None where they are not told of.
    """
    absent = [
        words
        for words, is_absent in (
            ("no job failed", not now["failed_job_attempts"]),
            ("no job passed and failed on one commit", not flaky and not now["flaky_jobs"]),
            ("no default branch was red", not episodes),
            ("no automatic repair was attempted", not now["autofix_attempts"]),
            ("no milestone is open", milestones is not None and not milestones),
        )
        if is_absent
    ]
    text = ", ".join(absent)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def recognised(categories: Sequence[Row], failed_jobs: int) -> str:
    """Return how many failed jobs no rule could name the cause of."""
    unknown = next((row for row in categories if row["category"] == "unknown" and row["failed_job_attempts"]), None)
    if unknown is None:
        return "Every cause was recognised."
    return (
        f"The cause of {unknown['failed_job_attempts']:,} of {fmt.several(failed_jobs, 'failed job')}"
        f" ({fmt.percent(unknown['share'], 0)}) was not recognised."
    )


def verdicts(rows: Sequence[Row], failed_jobs: int) -> str:
    """Return how many failed jobs the change is to blame for; empty when not all of them were judged (too long ago)."""
    counts = {row["verdict"]: row["failed_job_attempts"] for row in rows}
    if not failed_jobs or sum(counts.values()) != failed_jobs:
        return ""
    parts = [f"{fmt.count(counts[verdict])} {words}" for verdict, words in VERDICTS.items() if verdict in counts]
    return f"What to make of them: {', '.join(parts)}."


def quality(facts: Row, now: Row, *, is_past: bool) -> list[str]:
    """Return what the report rests on, and how its numbers count; ``is_past``: the following week has ended, too."""
    pending = f", {now['pending_runs']:,} without a result yet" if now["pending_runs"] else ""
    lines = [
        f"Created in this week: {fmt.several(now['runs'], 'run')} ({fmt.several(facts['attempts'], 'attempt')},"
        f" {fmt.several(facts['jobs'], 'job')}). {now['conclusive_runs']:,} passed or failed,"
        f" {now['void_runs']:,} void (cancelled, skipped){pending}."
        " Rates are of those that passed or failed; a re-run restates the week its run was created in."
    ]
    if facts["failures"]:
        missing = (
            f"{facts['without_log']:,} of {fmt.several(facts['failures'], 'failed job')} without a log"
            " (expired, or never written)"
            if facts["without_log"]
            else f"the log of every failed job ({facts['failures']:,}) was read"
        )
        rules = f", judged by rule set {as_code(facts['ruleset'], 40)}" if facts["ruleset"] else ""
        lines.append(f"Causes: {missing}{rules}. A failed job that was run again and failed again counts twice.")
    return [
        *lines,
        "*Italics*: fewer than 5 cases or a part of a week, so no change is shown. n: the cases behind a rate, last"
        " week's in brackets."
        " Bars: each row from its lowest to its highest week.",
        "To green: hours a workflow stayed red on its default branch, by the week it turned red; median and 90 % count"
        " what is still red too, the mean does not. Still red: at the end of the week, whenever it turned red.",
        "CI health score: mean of passed in the end and auto-fix success; without a repair that was judged it is the"
        " pass rate and says so.",
        "Do next: the person to ask made the change after which the default branch failed so, made the pull requests"
        " that fail so, owns the file by CODEOWNERS, or changed it last. Saved: the failing jobs alone, nothing that"
        " waited for them.",
        "Trend: Improving or Degrading only by 2 points or more, beyond chance, and with enough runs in both weeks.",
        "Made when a later week had ended: which jobs rank as flaky and where the milestones stand is known as of now"
        " only, so this report leaves it out."
        if is_past
        else "Flaky jobs and milestones stand as of the last run of the pipeline; milestones rate the runs of their"
        f" last {fmt.several(facts['window_days'], 'day')}.",
        "Each number is a column of `marts.ci_weekly` or its neighbours: `roadmap query` shows them. Times are UTC.",
    ]
