"""What each model was last built from, so that a build knows what it may skip.

Belongs here: reading and writing ``build.models``, and describing the present state of a model's inputs so that it can
be compared. Deciding on it is in ``building``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from roadmap_pipeline.warehouse import change_log, raw
from roadmap_pipeline.warehouse.model_tests import TestResult, identifier

if TYPE_CHECKING:
    import duckdb

    from roadmap_pipeline.warehouse.project import Key, Project, SqlModel

Inputs = Mapping[str, int | str]
"""State of each table a model reads or is tested against, by ``schema.name``: a version, or a hash of its rows."""


@dataclass(frozen=True, slots=True)
class LastBuild:
    """A model's entry in ``build.models``."""

    definition: str
    described: str
    inputs: Inputs
    tests: tuple[TestResult, ...]


def last_build(con: "duckdb.DuckDBPyConnection", model: "SqlModel") -> LastBuild | None:
    """What is known of the last build of ``model``; None when there was none."""
    found = con.execute(
        "select definition, described, inputs, tests from build.models where model = ?", [model.qualified_name]
    ).fetchall()
    if not found:
        return None
    definition, described, inputs, tests = found[0]
    return LastBuild(definition, described, json.loads(inputs), tuple(_test(test) for test in json.loads(tests)))


def is_modified(con: "duckdb.DuckDBPyConnection", model: "SqlModel") -> bool:
    """Whether ``model`` was never built as it is declared now."""
    known = last_build(con, model)
    return known is None or known.definition != model.definition


def store_build(
    con: "duckdb.DuckDBPyConnection", model: "SqlModel", inputs: Inputs, tests: Sequence[TestResult]
) -> None:
    """Note that ``model`` is now built from ``inputs``; belongs into the transaction that wrote its rows."""
    con.execute("delete from build.models where model = ?", [model.qualified_name])
    con.execute(
        "insert into build.models by name select ? as model, ? as definition, ? as described, ? as inputs, ? as tests,"
        " cast(now() at time zone 'UTC' as timestamp) as built_at",
        [
            model.qualified_name,
            model.definition,
            model.described,
            json.dumps(inputs),
            json.dumps([asdict(test) for test in tests], default=str),
        ],
    )


def _test(stored: dict[str, object]) -> TestResult:
    sample = stored.pop("sample")
    assert isinstance(sample, list)
    return TestResult(**stored, sample=tuple(sample))  # type: ignore[arg-type]  # as asdict() wrote it


def present_inputs(con: "duckdb.DuckDBPyConnection", project: "Project", model: "SqlModel") -> dict[str, int | str]:
    """The state of everything that ``model`` reads or is tested against."""
    computed = {other.key for other in project.models}
    inputs: dict[str, int | str] = {}
    for key in (*model.deps, *model.tested_against):
        name = f"{key[0]}.{key[1]}"
        if key in computed or name in change_log.LOGGED:
            inputs[name] = change_log.version_of(con, name)[0]
        else:
            inputs[name] = _hash_of_rows(con, key, model.columns_read.get(key))
    return inputs


def _hash_of_rows(con: "duckdb.DuckDBPyConnection", key: "Key", columns: frozenset[str] | None) -> str:
    """A hash of a small table's rows in any order, over the columns that are read."""
    known = [column.name for column in raw.BY_NAME[f"{key[0]}.{key[1]}"].columns]
    read = [name for name in known if columns is None or name in columns] or known
    values = ", ".join(map(identifier, read))
    ((rows, total),) = con.execute(
        f"select count(*), sum(hash({values})::hugeint) from {key[0]}.{identifier(key[1])}"  # noqa: S608
    ).fetchall()
    return f"{rows}:{total}"


def forget_seen_changes(con: "duckdb.DuckDBPyConnection", project: "Project") -> None:
    """Drop from the logs what every model that was ever built has taken in; belongs to the end of a build."""
    logs = change_log.existing_logs(con)
    by_name = {model.name: model.key for model in project.models}
    by_name |= {name: tuple(table.split(".")) for table, name in change_log.LOGGED.items()}  # type: ignore[misc]
    seen: dict[str, int] = {}
    for model in project.models:
        known = last_build(con, model)
        if known is None:
            continue
        for name, state in known.inputs.items():
            if isinstance(state, int):
                seen[name] = min(seen.get(name, state), state)
    for log in sorted(logs):
        key = by_name.get(log)
        if key is None:
            con.execute(f"drop table changes.{identifier(log)}")
        elif (until := seen.get(f"{key[0]}.{key[1]}")) is not None:
            change_log.forget(con, log, until)
