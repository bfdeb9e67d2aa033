"""The rows of `roadmap query` as text for other programs: CSV, JSON, and plain columns that are never wrapped.

Belongs here: how values are written. What is drawn for a person on a terminal is in ``rendering``.
"""

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.failures.display import as_plain
from roadmap_pipeline.warehouse.query import QueryResult

_BY_ENDING = {".csv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
_LONGEST_CELL = 10_000
_FORMULA = re.compile(r"[=+\-@\t\r\n]|\uff1d|\uff0b|\uff0d|\uff20")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")
_PLAN = ["explain_key", "explain_value"]


def read_query(sql: str | None, file: Path | None) -> str:
    """Return the SQL to run: given as it is, from a file, or from standard input (``-``, or nothing while it is piped).

    Raises:
        ConfigurationError: There is none, or two, or the file can't be read.
    """
    if sql not in (None, "-") and file is not None:
        raise ConfigurationError("two queries: give SQL or --file FILE, one of them")
    if sql is not None and sql != "-":
        if sql.lower().endswith(".sql") and Path(sql).is_file():
            raise ConfigurationError(f"{sql} is a file: run it with `roadmap query --file {sql}`")
        return sql
    if file is not None and str(file) != "-":
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it isn't UTF-8 text"
            raise ConfigurationError(f"--file {file} can't be read: {why}") from error
    if sql is None and file is None and sys.stdin.isatty():
        raise ConfigurationError("no query: give SQL, --file FILE, or SQL on standard input (-)")
    return sys.stdin.read()


def format_for(*, as_csv: bool, as_json: bool, output: Path | None) -> str | None:
    """Return ``csv``, ``json`` or, for a person to read, None: by option, else by the ending of ``output``.

    Raises:
        ConfigurationError: Both options are given, or the ending says nothing.
    """
    if as_csv and as_json:
        raise ConfigurationError("--csv and --json: give one of them")
    if as_csv or as_json:
        return "csv" if as_csv else "json"
    if output is None:
        return None
    if output.suffix.lower() not in _BY_ENDING:
        raise ConfigurationError(f"--output {output}: say --csv or --json, or end it in {', '.join(_BY_ENDING)}")
    return _BY_ENDING[output.suffix.lower()]


def lines(result: QueryResult, format_name: str | None) -> Iterator[str]:
    """Yield ``result`` line by line, without line ends: a header and rows, or an object a row for ``json``."""
    if format_name == "json":
        yield from (_json(dict(zip(result.columns, row, strict=True))) for row in result.rows)
    elif format_name == "csv":
        for row in (result.columns, *result.rows):
            line = io.StringIO()
            # what stands at the end of a line is what a cell is quoted for
            csv.writer(line, lineterminator="\r\n").writerow([_cell(value) for value in row])
            yield line.getvalue().removesuffix("\r\n")
    else:
        yield from _aligned(result)


def write_lines(output: Path, text: Iterable[str]) -> None:
    """Replace ``output`` by ``text`` at once: when something fails, it stays as it was.

    Raises:
        RoadmapError: The file can't be written.
    """
    beside = output.with_name(f"{output.name}.{os.urandom(4).hex()}.part")
    try:
        try:
            with beside.open("w", encoding="utf-8", newline="") as file:
                file.writelines(f"{line}\n" for line in text)
            beside.replace(output)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
    except OSError as error:
        raise RoadmapError(f"--output {output} can't be written: {error.strerror}") from error


def _aligned(result: QueryResult) -> Iterator[str]:
    """Yield a header, a rule and every row, each on one line however long, two blanks between the columns.

    A plan (EXPLAIN) is a drawing and keeps its lines.
    """
    if result.columns == _PLAN:
        yield from (line.rstrip() for _, plan in result.rows for line in str(plan).splitlines())
        return
    rows: Sequence[Sequence[str]] = [
        [as_plain(_plain(value), _LONGEST_CELL) for value in row] for row in (result.columns, *result.rows)
    ]
    widths = [max(cell_len(row[position]) for row in rows) for position in range(len(result.columns))]
    for number, row in enumerate(rows):
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def _cell(value: object) -> str:
    """Return a value for CSV: text that a spreadsheet would take for a formula begins with an apostrophe."""
    text = _plain(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _plain(value: object) -> str:
    """Return a value as DuckDB writes it to CSV: NULL as nothing, truth in lower case, lists and maps as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (list, dict, tuple)):
        return _json(value)
    return str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
