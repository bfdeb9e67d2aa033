"""Failures: those that no rule knows, and what a new rule would hit."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from roadmap_pipeline.cli.rendering.tables import print_table
from roadmap_pipeline.failures.display import as_plain
from roadmap_pipeline.reports import format as fmt

if TYPE_CHECKING:
    from roadmap_pipeline.failures.reclassification import Moved

_HURT = (("pull_requests", "pull request"), ("failed_job_attempts", "failed job"))


def print_unknown(console: Console, share: Mapping[str, int], failures: Sequence[Mapping[str, Any]]) -> None:
    """Print the failures that no rule knows, each with a draft and where that is found."""
    if not share["failures"]:
        console.print("No job failed: there is nothing to know.")
        return
    if not share["unknown"]:
        console.print(f"Every cause is known: {_all_of(share['failures'])}.", highlight=False)
        return
    console.print(
        f"{share['unknown']:,} of {fmt.several(share['failures'], 'failed job')} without a known cause,"
        f" {fmt.several(share['groups'], 'kind')} of failure. By people hit:",
        highlight=False,
    )
    for number, row in enumerate(failures, 1):
        hit = [fmt.several(row[name], noun) for name, noun in _HURT if row[name]]
        people = [f"{row['people']:,} {'person' if row['people'] == 1 else 'people'}"] if row["people"] else []
        job = f"{as_plain(row['job'] or 'a job', 60)} of {row['repo']}"
        console.print(f"\n{number}. {', '.join((*people, *hit))} · {escape(job)}", highlight=False, style="bold")
        _indented(console, f"{row['first_seen']} to {row['last_seen']}{', new' if row['is_new'] else ''}")
        _indented(console, as_plain(row["evidence"] or "", 300) or "(nothing to see of why)")
        if row["example_url"]:
            _indented(console, as_plain(row["example_url"], 300))
        if not row["is_told"]:
            _indented(console, "No log: no rule will tell this one.")
        elif row["draft"] is None:
            _indented(console, "No pattern drafted: too little text in the line.")
        else:
            _indented(console, f"pattern: {as_plain(row['draft']['pattern'], 500)}")
            _indented(console, _where_found(row["draft"]))
    if share["groups"] > len(failures):
        console.print(f"\n… and {share['groups'] - len(failures):,} more; --limit shows more, --json all they hold")
    console.print("\nTry one, then make it a rule (docs/configuration.md, Rules of one's own):")
    console.print(Padding("roadmap failures test-rule 'PATTERN' --passing LOG", (0, 0, 0, 3)), highlight=False)


def _all_of(failures: int) -> str:
    return "that of the only failed job" if failures == 1 else f"those of all {failures:,} failed jobs"


def _indented(console: Console, text: str) -> None:
    console.print(Padding(escape(text), (0, 0, 0, 3)), highlight=False)


def _where_found(hits: Mapping[str, Any]) -> str:
    """Return where a pattern is found, in words; what speaks against it last."""
    known = {category: number for category, number in hits["hits"].items() if category != "unknown"}
    causes = ", ".join(f"{fmt.cause(category)} {number:,}" for category, number in known.items())
    text = (
        f"found in {hits['hits_unknown']:,} unknown and {hits['hits_elsewhere']:,} other of"
        f" {fmt.several(hits['failing_logs'], 'failing log')}{f' ({causes})' if causes else ''}"
    )
    if hits["passing_logs"]:
        text += f", in {len(hits['hits_passing']):,} of {fmt.several(hits['passing_logs'], 'passing log')}"
    if hits["comparable_logs"]:
        said, of = hits["hits_said_by_passing"], fmt.several(hits["comparable_logs"], "job")
        text += f"; passing runs say that line, too, in {said:,} of {of} whose passing log is known"
    too_loose = "; too loose: it hits passing logs" if hits["hits_passing"] or hits["hits_said_by_passing"] else ""
    return f"{text}{too_loose}"


def print_hits(console: Console, hits: Mapping[str, Any]) -> None:
    """Print where a pattern is found, with examples; what is recognised already stands last."""
    text = _where_found(hits)
    console.print(f"{text[:1].upper()}{text[1:]}", highlight=False)
    examples = sorted(hits["examples"], key=lambda one: (one["category"] != "unknown", one["category"]))
    rows = [
        {"cause now": fmt.cause(one["category"]), "job": f"{one['job']} of {one['repo']}", "line": one["line"]}
        for one in examples
    ]
    if rows:
        print_table(console, None, rows)
    for file in hits["hits_passing"]:
        console.print(f"[red]passing log hit:[/] {escape(file)}", highlight=False)


def print_moved(console: Console, moved: "Sequence[Moved]") -> None:
    """Print which failures would get another cause, rule or group, by week."""
    if not moved:
        console.print("No stored failure would get another cause.")
        return
    rows = [
        {
            "week": one.week,
            "now": "(it passed)" if one.before is None else fmt.cause(one.before),
            "would be": fmt.cause(one.after),
            "rule": one.rule_id,
            "failures": one.failures,
            "groups": f"{one.groups_before} → {one.groups_after}",
            "example": one.example,
        }
        for one in moved
    ]
    print_table(console, "Failures that would get another cause or group", rows)
