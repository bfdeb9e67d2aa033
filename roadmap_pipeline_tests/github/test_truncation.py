"""Cutting Markdown to a length."""

import re

from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.github.truncation import cut

LINES = st.lists(
    st.sampled_from(["text", "```python", "```", "~~~", "````", "<details>", "</details>", "| a | b |", "é🧩" * 9, ""])
    | st.text(max_size=30),
    max_size=60,
)


@given(LINES, st.integers(min_value=40, max_value=400))
def test_a_cut_body_fits_and_leaves_nothing_open(lines, longest):
    body = "\n".join(lines)
    short = cut(body, longest)
    assert len(short) <= longest
    if len(body) <= longest:
        assert short == body
    else:
        assert is_closed(short)


def is_closed(text):
    """Return a second look at fences and details, written without the code under test."""
    fence = None
    depth = 0
    for line in text.split("\n"):
        stripped = line.lstrip(" ")
        run = re.match(r"`{3,}|~{3,}", stripped) if len(line) - len(stripped) <= 3 else None
        if fence:
            if run and run[0][0] == fence[0] and len(run[0]) >= len(fence) and not stripped[len(run[0]) :].strip():
                fence = None
        elif run and not (run[0][0] == "`" and "`" in stripped[len(run[0]) :]):
            fence = run[0]
        else:
            for tag in re.findall(r"</?details\b", line, re.IGNORECASE):
                depth = max(0, depth + (-1 if tag[1] == "/" else 1))
    return fence is None and depth == 0
