"""Real logs of failed jobs: the line that people marked, and excerpts that are judged like the whole."""

import gzip

from roadmap_pipeline.failures.classifier import classify, classify_excerpt
from roadmap_pipeline.failures.excerpts import make_excerpt
from roadmap_pipeline_tests.failures import fragments
from roadmap_pipeline_tests.recorded import DEV_LOGS, FRAGMENTS, needs_recorded

pytestmark = needs_recorded


def test_the_expected_line_of_real_fragments() -> None:
    """In-band expectations of another classifier's fixtures; some name a cause that our taxonomy ranks differently."""
    read = fragments.read(FRAGMENTS)
    assert len(read) == 41
    assert sum(fragment.is_marked_line_shown for fragment in read) >= 36


def test_real_logs_are_judged_alike_whole_and_from_the_excerpt() -> None:
    same = total = 0
    for path in sorted(DEV_LOGS.glob("*/*/*.txt.gz")):
        log = gzip.decompress(path.read_bytes())
        excerpt = make_excerpt(log)
        whole, kept = classify(log), classify_excerpt(excerpt.text, excerpt.line_ranges)
        total += 1
        same += (whole and (whole.category, whole.line)) == (kept and (kept.category, kept.line))
    assert same / total >= 0.97
