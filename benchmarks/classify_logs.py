"""Measure how well and how fast failed jobs are classified, on real labelled logs.

    python benchmarks/classify_logs.py [--misses]

Reads ``../shared/data/ci_logs/dev`` beside the repository. Projects are split in two by a hash of their name: rules may
be written with the misses of the development half in view (``--misses`` shows only those), never with those of the
held-out half, so that its figures speak for projects nobody wrote rules for.
"""

import argparse
import gzip
import hashlib
import json
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import ROOT, table, verdict

from roadmap_pipeline.failures.classifier import Classifier, classify, classify_excerpt, default_classifier
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.matching.novelty import baseline_of
from roadmap_pipeline.failures.matching.search import BLOCK, Matcher
from roadmap_pipeline.failures.patterns import expand
from roadmap_pipeline.failures.verdict import Verdict

sys.path.insert(0, str(ROOT))
from roadmap_pipeline_tests.failures import fragments

DATA = Path(__file__).parents[1].parent / "shared" / "data" / "ci_logs"
FRAGMENTS = DATA / "pytorch_fragments"
SMALLEST_CATEGORY = 3
MACRO_F1_BAR = 0.80
SPECIFIC_BAR = 0.75
INSIDE_BAR = 0.97
PASSING_BAR = 0.01
SPEED_BAR = 400.0
LONG_BAR = 100.0
FRAGMENT_CATEGORIES = {
    "action_archive_download_failure": "network github_service",
    "artifact_not_found": "artifact_cache",
    "aws_credentials_load_failure": "permissions_auth",
    "checkout_ciflow_tag_missing": "git_checkout",
    "collection_assertionerror": "test",
    "collection_syntaxerror": "test",
    "compile_error": "compile",
    "cuda_oom_class": "out_of_memory",
    "dirty_checkout": "lint_format",
    "distributed_test_wrapper": "test",
    "docker_manifest_unknown": "registry_docker",
    "gh_api_rate_limit": "rate_limit",
    "gha_cancellation_shutdown": "runner_lost",
    "gha_timeout": "timeout",
    "ghstack_cherry_pick": "git_checkout",
    "ghstack_old_version_pr_count": "policy_gate",
    "ghstack_out_of_sync": "policy_gate",
    "ghstack_too_deep": "policy_gate",
    "inductor_graph_breaks": "test",
    "infra_osdc_pod_failure": "runner_lost",
    "lint_lintrunner": "lint_format",
    "lintrunner_general_failure": "lint_format",
    "msvc_compiler_error": "compile",
    "ninja_build_failed": "compile",
    "pip_wheel_build_failure": "dependency_install",
    "pr_sanity_exit_code_only": "policy_gate",
    "pr_time_benchmarks_regression": "test coverage",
    "pytest_failure": "test",
    "pytest_failures_section": "test",
    "python_importerror_missing_so": "test script_error",
    "python_importerror_name": "test script_error",
    "python_runtimeerror": "test script_error",
    "python_test_keyboardinterrupt": "test",
    "s3_access_denied": "permissions_auth",
    "test_file_failed_wrapper": "test",
    "test_file_signal_crash": "test",
    "test_file_timeout": "test",
    "unittest_failed_consistently": "test",
    "uv_python_download_failed": "network dependency_install",
}
"""The taxonomy's names for the causes by which fragments are named; several where the name leaves it open. It has no
category for a job that somebody cancelled (gha_catchall_sigint, gha_operation_canceled)."""
PEER_BLOCKS = 32
"""Blocks on which the loop of ``re`` is timed: it would take minutes on all of them."""


@dataclass(frozen=True)
class Case:
    """A labelled failing log with its verdict and how long that took."""

    name: str
    category: str
    also: tuple[str, ...]
    segments: tuple[tuple[int, int], ...]
    log: bytes
    verdict: Verdict | None
    seconds: float

    @property
    def is_right(self) -> bool:
        return self.verdict is not None and self.verdict.category in (self.category, *self.also)

    @property
    def is_inside(self) -> bool | None:
        if self.verdict is None or self.verdict.line is None:
            return None
        return any(first <= self.verdict.line <= last for first, last in self.segments)


def is_held_out(project: str) -> bool:
    """Return whether a project belongs to the half that rules are not written on."""
    return int(hashlib.sha256(project.encode()).hexdigest(), 16) % 2 == 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--misses", action="store_true", help="show the misses of the development half")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"No labelled logs: {DATA} is not there.")
    rules = default_classifier().rules
    halves = {"development": read_cases(False), "held-out": read_cases(True)}
    if arguments.misses:
        misses(halves["development"])
        misses_of_fragments()
        return
    print("## Classifying failed jobs\n")
    print(
        f"{len(rules.rules)} rules, version {rules.version}, on real logs with labels. The bars are for the held-out"
        " half: projects nobody wrote rules for.\n"
    )
    quality(halves)
    print(f"\nHeld-out half by category; the score counts those of at least {SMALLEST_CATEGORY} cases:\n")
    by_category(halves["held-out"])
    print(f"\n{by_project(halves['held-out'])}")
    print(f"\n{compared_with_passing([case for cases in halves.values() for case in cases])}")
    print("\nSpeed on one core:\n")
    speed()


def read_cases(held_out: bool) -> list[Case]:
    cases = []
    for line in (DATA / "dev" / "labels.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line)
        if is_held_out(label["case"].split("/")[0]) is not held_out:
            continue
        log = gzip.decompress((DATA / "dev" / label["case"] / "fail.txt.gz").read_bytes())
        start = time.perf_counter()
        verdict = classify(log)
        seconds = time.perf_counter() - start
        segments = tuple((first, last) for first, last in label["segments"])
        cases.append(Case(label["case"], label["category"], tuple(label["also"]), segments, log, verdict, seconds))
    return cases


def scores(cases: Sequence[Case]) -> dict[str, tuple[int, int, int, float]]:
    """Return the cases of each category, right ones, wrong verdicts of that category, and F1.

    A right alternative counts as the label.
    """
    right = Counter(case.category for case in cases if case.is_right)
    wrong = Counter(case.verdict.category for case in cases if case.verdict and not case.is_right)
    result = {}
    for category, total in sorted(Counter(case.category for case in cases).items()):
        hits, false = right[category], wrong[category]
        result[category] = (total, hits, false, 2 * hits / (total + hits + false))
    return result


def quality(halves: Mapping[str, Sequence[Case]]) -> None:
    """Print both halves side by side, then what holds for all logs."""
    columns: list[list[str]] = []
    bars: list[tuple[str, bool]] = []
    for half, cases in halves.items():
        counted = [f1 for total, _, _, f1 in scores(cases).values() if total >= SMALLEST_CATEGORY]
        macro_f1 = sum(counted) / len(counted)
        specific = sum(case.verdict is not None and case.verdict.category != "unknown" for case in cases)
        inside = [case.is_inside for case in cases if case.is_inside is not None]
        judged, passed = passing(half == "held-out")
        columns.append(
            [
                f"{macro_f1:.3f}",
                share(specific, len(cases)),
                share(sum(inside), len(inside)),
                share(judged, passed),
                share(sum(case.is_right for case in cases), len(cases)),
            ]
        )
        # The held-out half comes last: its bars stay.
        bars = [
            (f"≥ {MACRO_F1_BAR:.2f}", macro_f1 >= MACRO_F1_BAR),
            (f"≥ {SPECIFIC_BAR:.0%}", specific >= SPECIFIC_BAR * len(cases)),
            (f"≥ {INSIDE_BAR:.0%}", sum(inside) >= INSIDE_BAR * len(inside)),
            (f"≤ {PASSING_BAR:.0%}", judged <= PASSING_BAR * passed),
        ]
    names = ["macro-F1", "specific category", "evidence inside the failing segment", "verdict on passing logs", "right"]
    marks = [*([bar, verdict(reached)] for bar, reached in bars), ["", ""]]
    print(
        table(
            ["what", *(f"{half} half ({len(cases)} logs)" for half, cases in halves.items()), "bar", ""],
            [[name, *values, *mark] for name, *values, mark in zip(names, *columns, marks, strict=True)],
        )
    )
    judged, passed = (sum(both) for both in zip(passing(False), passing(True), strict=True))
    print(
        f"\nOf all passing logs {share(judged, passed)} get a verdict, by the log alone: where GitHub says that the job"
        " passed, none does. The one of the held-out half that got a verdict before was looked at: what tells that its"
        " job passed is that an action cleaned up which doesn't where a job failed."
    )
    print(f"\n{of_fragments()}; {agreement()}; {without_strings()}.")


def by_category(cases: Sequence[Case]) -> None:
    rows = [[name, total, hits, false, f"{f1:.2f}"] for name, (total, hits, false, f1) in scores(cases).items()]
    print(table(["category", "cases", "right", "wrongly given", "F1"], rows))


def by_project(cases: Sequence[Case]) -> str:
    """Return how the share of right verdicts is spread over projects, whose cases are near-duplicates of each other."""
    projects: dict[str, list[bool]] = {}
    for case in cases:
        projects.setdefault(case.name.split("/")[0], []).append(case.is_right)
    shares = [sum(right) / len(right) for right in projects.values()]
    return (
        f"By project, each counting once: {100 * statistics.mean(shares):.1f} % right over {len(shares)} projects,"
        f" all right in {sum(share == 1 for share in shares)}, none in {sum(share == 0 for share in shares)}."
    )


def compared_with_passing(cases: Sequence[Case]) -> str:
    """Return how verdicts fare that leave out what the passing log of the same job says."""
    right = before = compared = 0
    for case in cases:
        path = DATA / "dev" / case.name / "success.txt.gz"
        if path.is_file():
            judged = classify(case.log, None, baseline_of([gzip.decompress(path.read_bytes())]))
            compared += 1
            before += case.is_right
            right += judged is not None and judged.category in (case.category, *case.also)
    return f"Leaving out what the passing log of the same job says, {share(right, compared)} are right; else {before}."


def passing(held_out: bool) -> tuple[int, int]:
    """Return the logs of passing jobs that got a verdict, and all of them."""
    judged = total = 0
    for path in sorted((DATA / "dev").glob("*/*/success.txt.gz")):
        if is_held_out(path.parts[-3]) is held_out:
            total += 1
            judged += classify(gzip.decompress(path.read_bytes())) is not None
    return judged, total


def misses(cases: Sequence[Case]) -> None:
    for case in cases:
        if case.is_right and case.is_inside is not False:
            continue
        verdict = case.verdict
        given = (
            f"{verdict.category} by {verdict.rule_id}, line {verdict.line}: {verdict.evidence}" if verdict else "none"
        )
        print(f"  {case.name}: {case.category}, found {given}")


def misses_of_fragments() -> None:
    """Print the fragments whose category or line isn't the one that people gave."""
    for fragment in fragments.read(FRAGMENTS):
        verdict = fragment.verdict
        is_right = is_cause_right(fragment)
        if is_right is False or not fragment.is_marked_line_shown:
            of = "another category" if is_right is False else "another line"
            given = f"{verdict.category} by {verdict.rule_id}, line {verdict.line}" if verdict else "none"
            wanted = FRAGMENT_CATEGORIES.get(fragment.cause, "no category")
            print(f"  fragment {fragment.cause}: {wanted}, {of}: {given}")


def is_cause_right(fragment: fragments.Fragment) -> bool | None:
    """Return whether a fragment's verdict is a category of its cause; None where the taxonomy has none for it."""
    right = FRAGMENT_CATEGORIES.get(fragment.cause)
    return None if right is None else fragment.verdict is not None and fragment.verdict.category in right.split()


def of_fragments() -> str:
    """Return how often the line that people marked in fragments of logs is shown, and how often the cause is right."""
    read = fragments.read(FRAGMENTS)
    judged = [right for fragment in read if (right := is_cause_right(fragment)) is not None]
    marked = share(sum(fragment.is_marked_line_shown for fragment in read), len(read))
    return (
        f"The line that people marked in fragments of logs, or one in the same words, is shown in {marked},"
        f" the category is that of their cause in {share(sum(judged), len(judged))}"
    )


def agreement() -> str:
    """Return how often a stored excerpt gives the verdict of the whole log."""
    same = total = size = 0
    for path in sorted((DATA / "dev").glob("*/*/*.txt.gz")):
        log = gzip.decompress(path.read_bytes())
        excerpt = make_excerpt(log)
        total += 1
        size += len(excerpt.text)
        same += classify_excerpt(excerpt.text, excerpt.line_ranges) == classify(log)
    return (
        f"an excerpt ({size // total:,} characters on average) is judged like its whole log, in every field, in"
        f" {share(same, total)}"
    )


class Thorough(Matcher):
    """A matcher that looks for every pattern everywhere."""

    def candidates_in(self, data: bytes) -> dict[int, int]:  # noqa: ARG002
        return dict.fromkeys(range(len(self.entries)), 0)


def without_strings() -> str:
    """Return how often the verdict is the same when no pattern is ruled out by the strings it demands."""
    thorough = Classifier(default_classifier().rules, Thorough)
    logs = [gzip.decompress(path.read_bytes()) for path in sorted((DATA / "dev").glob("*/*/*.txt.gz"))]
    same = sum(thorough.classify(log) == classify(log) for log in logs)
    return (
        "looking for every pattern in every block, not only where its strings are, gives the same in"
        f" {share(same, len(logs))}"
    )


def speed() -> None:
    logs = [gzip.decompress(path.read_bytes()) for path in sorted((DATA / "dev").glob("*/*/fail.txt.gz"))]
    good = [gzip.decompress(path.read_bytes()) for path in sorted((DATA / "dev").glob("*/*/success.txt.gz"))]
    data = b"".join(logs)
    blocks = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
    matcher = default_classifier().matcher
    strings = rate(data, lambda: [matcher.candidates_in(block) for block in blocks])
    sized = sorted(timed(log) for log in logs if 100_000 <= len(log) <= 400_000)
    seconds, megabytes = big_log()
    failing = rate(data, lambda: [classify(log) for log in logs])
    excerpts = rate(data, lambda: [make_excerpt(log) for log in logs])
    long = min(rate(log, lambda log=log: classify(log)) for log in of_long_lines())  # type: ignore[misc]
    fine = rate(b"".join(good), lambda: [classify(log) for log in good])
    some = blocks[:: max(1, len(blocks) // PEER_BLOCKS)]
    ours, loop, differing = against_re(some)
    print(
        table(
            ["work", "MB/s", "bar", ""],
            [
                [
                    "which patterns may occur, every byte",
                    f"{strings:,.0f}",
                    f"≥ {SPEED_BAR:g}",
                    verdict(strings >= SPEED_BAR),
                ],
                [
                    "whole verdicts, failing logs",
                    f"{failing:,.0f}",
                    f"≥ {SPEED_BAR:.0f}",
                    verdict(failing >= SPEED_BAR),
                ],
                ["whole verdicts, passing logs", f"{fine:,.0f}", f"≥ {SPEED_BAR:.0f}", verdict(fine >= SPEED_BAR)],
                ["whole verdicts, lines of 64 KB", f"{long:,.0f}", f"≥ {LONG_BAR:.0f}", verdict(long >= LONG_BAR)],
                ["excerpts, failing logs", f"{excerpts:,.0f}", "", ""],
                ["every match of every pattern: strings first, then RE2", f"{ours:,.1f}", "", ""],
                ["the same by a loop of `re`", f"{loop:,.2f}", "", f"{ours / loop:,.0f} × slower"],
            ],
        )
    )
    print(
        f"\nA verdict on a log of about 200 KB (100 to 400 KB, {len(sized)} of them) takes"
        f" {statistics.median(sized) * 1e3:.1f} ms, p95 {sized[int(0.95 * (len(sized) - 1))] * 1e3:.1f} ms. One step of"
        f" 100 MB through `roadmap classify -` takes {seconds:.1f} s and {megabytes:.0f} MB of memory at its peak,"
        " Python included."
    )
    print(
        f"\n{len(logs)} failing logs of {len(data) / 1e6:.0f} MB, best of 3; the last two lines on {len(some)} blocks"
        f" of {BLOCK >> 10} KiB spread over them, where the two find different matches in {differing} of"
        f" {len(some) * len(matcher.entries):,} cases."
    )


def of_long_lines() -> list[bytes]:
    """Return logs of ten megabytes in lines of 64 KB.

    Minified code before a failure that rules know, and before one that they don't.
    """
    words = b"function error test failed const return throw new Error x y => { } ( ) ; module exports assert "
    line = (words * (1 + (64 << 10) // len(words)))[: 64 << 10] + b"\n"
    head, failed = b"##[group]Run make ci\nmake ci\n##[endgroup]\n", b"##[error]Process completed with exit code 1.\n"
    return [
        head + line * 160 + last + failed for last in (b"cart.c:3:1: error: no such total\n", b"the moon is wrong\n")
    ]


def timed(log: bytes) -> float:
    """Return the seconds of the second verdict on a log."""
    classify(log)
    start = time.perf_counter()
    classify(log)
    return time.perf_counter() - start


def big_log() -> tuple[float, float]:
    """Return the seconds and peak memory (MB) of the command line on a long log.

    100 MB, whose telling line is in the middle.
    """
    stamp = b"2026-11-10T09:00:00.1234567Z "
    block = b"".join(b"%scompiling part %d of many, with npm noise and no error\n" % (stamp, n) for n in range(10_000))
    half = 50_000_000 // len(block)
    head = b"##[group]Run make ci\nmake ci\nshell: bash\n##[endgroup]\n"
    code = "from roadmap_pipeline.cli.app import main\ntry:\n    main(['classify', '-'])\nexcept SystemExit:\n"
    code += "    print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(head)
        for line in (b"--- FAIL: TestTotal (0.01s)\n", b"##[error]Process completed with exit code 1.\n"):
            for _ in range(half):
                process.stdin.write(block)
            process.stdin.write(line)
        output, _ = process.communicate()
    assert b"test.go" in output
    return time.perf_counter() - start, int(output.split()[-1]) / 1024


def against_re(blocks: Sequence[bytes]) -> tuple[float, float, int]:
    """Return the MB/s of finding every match of every pattern, by the project's way and by a loop of ``re``.

    The third is how many (block, pattern) pairs they disagree on.
    """
    matcher = default_classifier().matcher
    numbers = range(len(matcher.entries))
    data = b"".join(blocks)
    peers = [re.compile(scoped(expand(entry.rule.patterns[entry.number]))) for entry in matcher.entries]

    def by_re2() -> set[tuple[int, int, tuple[int, ...]]]:
        return {
            (place, entry, tuple(match.start() for match in matcher.entries[entry].pattern.finditer(block)))  # type: ignore[attr-defined]
            for place, block in enumerate(blocks)
            for entry in matcher.candidates_in(block)
        }

    def by_re() -> set[tuple[int, int, tuple[int, ...]]]:
        return {
            (place, entry, tuple(match.start() for match in peers[entry].finditer(block)))
            for place, block in enumerate(blocks)
            for entry in numbers
        }

    matches = [{case for case in way() if case[2]} for way in (by_re2, by_re)]
    differing = len({case[:2] for case in matches[0] ^ matches[1]})
    return rate(data, by_re2), rate(data, by_re, times=1), differing


def scoped(pattern: bytes) -> bytes:
    """Return a pattern in the words of ``re``, which knows ``(?i)`` within a pattern as a group only: ``(?i:…)``.

    RE2's holds to the end of the group that it stands in, alternatives included.
    """
    result = bytearray()
    opened = [0]  # by depth: groups that have to be closed with the surrounding one
    for token in re.findall(rb"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?i\)|[()]|[^()\[\\]", pattern, re.DOTALL):
        if token == b"(?i)":
            opened[-1] += 1
            result += b"(?i:"
        elif token == b")":
            result += b")" * (opened.pop() + 1)
        else:
            if token == b"(":
                opened.append(0)
            result += token
    return bytes(result + b")" * opened.pop())


def rate(data: bytes, work: Callable[[], object], times: int = 3) -> float:
    """Return the MB/s of processor time of the fastest of several runs."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return len(data) / best / 1e6


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / max(1, whole):.1f} %)"


if __name__ == "__main__":
    main()
