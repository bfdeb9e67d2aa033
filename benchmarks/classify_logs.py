"""How well and how fast failed jobs are classified, on real labelled logs.

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
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadmap_pipeline.failures.classifier import Verdict, classify, classify_excerpt, default_classifier
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline.failures.matching import BLOCK

DATA = Path(__file__).parents[1].parent / "shared" / "data" / "ci_logs"
SMALLEST_CATEGORY = 3


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
    """Whether a project belongs to the half that rules are not written on."""
    return int(hashlib.sha256(project.encode()).hexdigest(), 16) % 2 == 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--misses", action="store_true", help="show the misses of the development half")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"No labelled logs: {DATA} is not there.")
    rules = default_classifier().rules
    print(f"{len(rules.rules)} rules, version {rules.version}")
    for held_out in (False, True):
        cases = read_cases(held_out)
        print(f"\n== {'held-out' if held_out else 'development'} half: {len(cases)} failing logs ==")
        report(cases)
        passing(held_out)
        if arguments.misses and not held_out:
            misses(cases)
    fragments()
    agreement()
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
    """By category: cases, right ones, wrong verdicts of that category, F1. A right alternative counts as the label."""
    right = Counter(case.category for case in cases if case.is_right)
    wrong = Counter(case.verdict.category for case in cases if case.verdict and not case.is_right)
    result = {}
    for category, total in sorted(Counter(case.category for case in cases).items()):
        hits, false = right[category], wrong[category]
        result[category] = (total, hits, false, 2 * hits / (total + hits + false))
    return result


def report(cases: Sequence[Case]) -> None:
    table = scores(cases)
    scored = [f1 for total, _, _, f1 in table.values() if total >= SMALLEST_CATEGORY]
    inside = [case.is_inside for case in cases if case.is_inside is not None]
    specific = [case for case in cases if case.verdict is not None and case.verdict.category != "unknown"]
    times = sorted(case.seconds for case in cases)
    print(f"macro-F1 (categories with at least {SMALLEST_CATEGORY} cases)  {sum(scored) / len(scored):.3f}")
    print(f"right                    {share(sum(case.is_right for case in cases), len(cases))}")
    print(f"specific category        {share(len(specific), len(cases))}")
    print(f"evidence inside segment  {share(sum(inside), len(inside))}")
    print(f"time a log               p50 {1e3 * times[len(times) // 2]:.1f} ms, max {1e3 * times[-1]:.1f} ms")
    print(f"{'category':<20}{'cases':>6}{'right':>6}{'wrong':>6}{'F1':>6}")
    for category, (total, hits, false, f1) in table.items():
        print(f"{category:<20}{total:>6}{hits:>6}{false:>6}{f1:>6.2f}")


def passing(held_out: bool) -> None:
    judged = total = 0
    for path in sorted((DATA / "dev").glob("*/*/success.txt.gz")):
        if is_held_out(path.parts[-3]) is held_out:
            total += 1
            judged += classify(gzip.decompress(path.read_bytes())) is not None
    print(f"verdict on passing logs  {share(judged, total)}")


def misses(cases: Sequence[Case]) -> None:
    for case in cases:
        if case.is_right and case.is_inside is not False:
            continue
        verdict = case.verdict
        found = (
            f"{verdict.category} by {verdict.rule_id}, line {verdict.line}: {verdict.evidence}" if verdict else "none"
        )
        print(f"  {case.name}: {case.category}, found {found}")


def fragments() -> None:
    found = total = 0
    for path in sorted((DATA / "pytorch_fragments").glob("*.txt*")):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        lines = [line for line in data.split(b"\n") if not line.startswith(b"#=SOURCE=#")]
        marked = [number for number, line in enumerate(lines, 1) if line.startswith(b"#=MATCH=# ")]
        verdict = classify(re.sub("#=MATCH=# |‹|›".encode(), b"", b"\n".join(lines)))
        total += 1
        found += verdict is not None and verdict.line in marked
    print(f"\nexpected line of fragments  {share(found, total)}")


def agreement() -> None:
    same = total = size = 0
    for path in sorted((DATA / "dev").glob("*/*/*.txt.gz")):
        log = gzip.decompress(path.read_bytes())
        excerpt = make_excerpt(log)
        total += 1
        size += len(excerpt.text)
        same += classify_excerpt(excerpt.text, excerpt.spans) == classify(log)
    print(
        f"excerpt judged like the whole log (every field)  {share(same, total)}, {size // total} characters on average"
    )


def speed() -> None:
    logs = [gzip.decompress(path.read_bytes()) for path in sorted((DATA / "dev").glob("*/*/fail.txt.gz"))]
    data = b"".join(logs)
    blocks = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)]
    matcher = default_classifier().matcher
    print(f"\n{len(data) / 1e6:.0f} MB of failing logs, best of 3")
    print(
        f"strings of all rules, one pass  {rate(data, lambda: [matcher.found_in(block) for block in blocks]):7.0f} MB/s"
    )
    print(f"classify, failing logs          {rate(data, lambda: [classify(log) for log in logs]):7.0f} MB/s")
    print(f"excerpt, failing logs           {rate(data, lambda: [make_excerpt(log) for log in logs]):7.0f} MB/s")
    good = [gzip.decompress(path.read_bytes()) for path in sorted((DATA / "dev").glob("*/*/success.txt.gz"))]
    print(f"classify, passing logs          {rate(b''.join(good), lambda: [classify(log) for log in good]):7.0f} MB/s")


def rate(data: bytes, work: Callable[[], object]) -> float:
    """MB/s of the fastest of three runs."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return len(data) / best / 1e6


def share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / max(1, whole):.1f} %)"


if __name__ == "__main__":
    main()
