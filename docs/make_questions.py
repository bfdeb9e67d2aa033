"""Fills in the answers of questions.md: runs the main job on a new sandbox and each SQL block on what it made.

    .venv/bin/python docs/make_questions.py

A test holds the page to its answers; run this when it says that they changed.
"""

import re
import tempfile
from datetime import date, datetime
from pathlib import Path

from roadmap_pipeline.warehouse.query import run_query

PAGE = Path(__file__).with_name("questions.md")
_QUESTION = re.compile(r"(?P<block>```sql\n(?P<sql>.*?)```\n)(?:\n(?:\|[^\n]*\n)+)?", re.DOTALL)


def main() -> None:
    """Rewrite the page in place."""
    from roadmap_pipeline.orchestration.launch import run_main_job
    from roadmap_pipeline.runtime import Runtime
    from roadmap_pipeline.sandbox import serve
    from roadmap_pipeline.settings import load_settings

    with tempfile.TemporaryDirectory(prefix="roadmap-questions-") as folder:
        settings = load_settings({}, Path(folder))
        with serve(settings) as served:
            runtime = Runtime(settings.with_sandbox(served.environment))
            try:
                run_main_job(runtime)
            finally:
                runtime.close()
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(answered(page, runtime.settings.warehouse), encoding="utf-8")


def answered(page: str, warehouse: str | Path) -> str:
    """``page`` with what each of its SQL blocks finds in the warehouse's snapshot as the table below it."""
    return _QUESTION.sub(lambda found: f"{found['block']}\n{_table(found['sql'], warehouse)}", page)


def questions(page: str) -> int:
    """Return how many SQL blocks ``page`` has."""
    return len(_QUESTION.findall(page))


def _table(sql: str, warehouse: str | Path) -> str:
    columns, rows = run_query(warehouse, sql)
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
