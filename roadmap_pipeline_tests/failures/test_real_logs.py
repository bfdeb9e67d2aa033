"""Real logs of failed jobs: the line that people marked, and excerpts that are judged like the whole."""

import gzip

from roadmap_pipeline.failures.classifier import classify, classify_excerpt
from roadmap_pipeline.failures.logs.cleaning import clean_line
from roadmap_pipeline.failures.logs.excerpts import make_excerpt
from roadmap_pipeline_tests.recorded import DEV_LOGS, FRAGMENTS, needs_recorded

pytestmark = needs_recorded


def test_the_expected_line_of_real_fragments() -> None:
    """In-band expectations of another classifier's fixtures; some name a cause that our taxonomy ranks differently."""
    found = total = 0
    for path in sorted(FRAGMENTS.iterdir()):
        if ".txt" not in path.suffixes:
            continue
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        lines = [line for line in data.split(b"\n") if not line.startswith(b"#=SOURCE=#")]
        expected = next(n for n, line in enumerate(lines, 1) if line.startswith(b"#=MATCH=# "))
        log = b"\n".join(lines).replace(b"#=MATCH=# ", b"").replace("‹".encode(), b"").replace("›".encode(), b"")
        verdict = classify(log)
        total += 1
        # What is said again, with more around it, shows the cause as well.
        wanted = clean_line(log.split(b"\n")[expected - 1])
        shown = verdict is not None and verdict.line and clean_line(log.split(b"\n")[verdict.line - 1])
        found += bool(shown) and str(shown) in wanted
    assert total == 41
    assert found >= 36


def test_real_logs_are_judged_alike_whole_and_from_the_excerpt() -> None:
    same = total = 0
    for path in sorted(DEV_LOGS.glob("*/*/*.txt.gz")):
        log = gzip.decompress(path.read_bytes())
        excerpt = make_excerpt(log)
        whole, kept = classify(log), classify_excerpt(excerpt.text, excerpt.spans)
        total += 1
        same += (whole and (whole.category, whole.line)) == (kept and (kept.category, kept.line))
    assert same / total >= 0.97
