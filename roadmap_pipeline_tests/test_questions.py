"""The page of worked questions says what the queries find."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from roadmap_pipeline_tests.conftest import Ran

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_questions", DOCS / "make_questions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_answer_on_the_page_is_what_its_query_finds(ran: Ran, maker: ModuleType) -> None:
    page = (DOCS / "questions.md").read_text(encoding="utf-8")
    assert maker.questions(page) >= 12
    assert page.count("\n## ") == maker.questions(page)
    answered = maker.answered(page, ran.settings.warehouse)
    assert answered == page, "run: .venv/bin/python docs/make_questions.py"
    assert "| --- |\n\n" not in page, "a question without an answer"


def test_answers_are_put_below_their_queries_and_replaced(ran: Ran, maker: ModuleType) -> None:
    page = "# Why?\n\n```sql\nselect 'a|b' as text, null as n, true as yes\n```\n\nand\n\n```sql\nselect 1 as n\n```\n"
    answered = maker.answered(page, ran.settings.warehouse)
    assert answered == (
        "# Why?\n\n```sql\nselect 'a|b' as text, null as n, true as yes\n```\n\n"
        "| text | n | yes |\n| --- | --- | --- |\n| a\\|b |  | yes |\n\nand\n\n"
        "```sql\nselect 1 as n\n```\n\n| n |\n| --- |\n| 1 |\n"
    )
    other = answered.replace("| 1 |\n", "| 2 |\n| 3 |\n")
    assert maker.answered(other, ran.settings.warehouse) == answered
