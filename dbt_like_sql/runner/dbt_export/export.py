"""The SQL models as a dbt project: the same SELECT files, with ``ref()`` and ``source()`` where they name tables.

Belongs here: the content of each file of the dbt project. Putting the files into a person's folder is for the caller;
what a model or a test means is said where it is declared. dbt must come to the same tables and verdicts as our own
runner: where its defaults differ (schemas, unit tests, quoting), the difference is settled here.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from dbt_like_sql.runner.database import identifier
from dbt_like_sql.runner.project.project import GenericTest, Key, Project, SingularTest, SqlModel, UnitTest
from dbt_like_sql.runner.project.sources import Sources
from dbt_like_sql.runner.project.sql_files import DIALECT

# dbt-core 1.12 downloads a part of itself from GitHub while it is installed.
_REQUIREMENTS = ("dbt-core>=1.11,<1.12", "dbt-duckdb>=1.11,<1.12")
_LONGEST_DBT_NAME = 64
_JINJA = re.compile(r"\{[{%#]")


@dataclass(frozen=True, slots=True)
class Naming:
    """The words of whoever exports: what things are called in the files.

    Attributes:
        project: Name of the project and of its profile.
        variable: Environment variable that names another warehouse.
        command: Command that makes the export.
        readme: Text for whoever opens the folder.
    """

    project: str
    variable: str
    command: str
    readme: bytes


def dbt_project(project: Project, warehouse: Path | None, directory: Path, naming: Naming) -> dict[str, bytes]:
    """Return the files of a dbt project that builds ``project``, by their paths in ``directory`` (with ``/``).

    Args:
        project: The models.
        warehouse: The database file, which the profile names relative to ``directory`` unless the variable names
            another one; None for a database that is no file: it takes the variable.
        directory: Where the files are going to be.
        naming: What things are called.
    """
    to_yaml = partial(_yaml, command=naming.command)
    schemas = list(dict.fromkeys(model.schema for model in project.models))
    models = {model.key for model in project.models}
    exported: dict[str, bytes] = {
        "dbt_project.yml": to_yaml(_settings(schemas, naming.project)),
        "profiles.yml": to_yaml(_profile(warehouse, directory, naming)),
        "requirements.txt": _text(*_REQUIREMENTS, f"duckdb=={_duckdb_version()}"),
        "README.md": naming.readme,
        ".gitignore": _text("/target/", "/logs/", "/dbt_packages/", "/.user.yml"),
        "macros/generate_schema_name.sql": _template("generate_schema_name.sql"),
        "macros/get_unit_test_sql.sql": _template("get_unit_test_sql.sql"),
        "tests/generic/expression_is_true.sql": _template("expression_is_true.sql"),
        "tests/generic/unique_combination_of_columns.sql": _template("unique_combination_of_columns.sql"),
        "models/sources.yml": to_yaml({"version": 2, "sources": list(_sources(project.sources))}),
    }
    doc_blocks = {_escaped(text): name for name, text in project.doc_blocks.items()}
    for model in project.models:
        place = model.path.relative_to(project.directory)
        if model.seed_types is None:
            exported[place.as_posix()] = _with_references(model.path, models)
            described = _schema_yml(model, models)
        else:
            exported[place.as_posix()] = model.path.read_bytes()
            described = {"version": 2, "seeds": [_model(model, models)]}
        exported[place.with_suffix(".yml").as_posix()] = to_yaml(_with_doc_blocks(described, doc_blocks))
    exported |= {path.relative_to(project.directory).as_posix(): path.read_bytes() for path in project.doc_files}
    if tests := [_singular_test(test) for test in project.singular_tests if test.described_at]:
        exported["tests/schema.yml"] = to_yaml({"version": 2, "data_tests": tests})
    for test in project.singular_tests:
        exported[f"tests/{test.name}.sql"] = _with_references(test.path, models)
    return exported


def with_references(sql: str, models: set[Key]) -> str:
    """Return ``sql`` as a dbt template that gives it back.

    Tables become ``ref()`` (those in ``models``) or ``source()``.

    All else stays to the character, comments and strings included; what Jinja would take for its own is escaped.
    """
    import sqlglot
    from sqlglot import exp

    references = []
    for table in sqlglot.parse_one(sql, read=DIALECT).find_all(exp.Table):
        schema, name = table.args.get("db"), table.this
        if isinstance(schema, exp.Identifier) and isinstance(name, exp.Identifier):
            key = schema.name.lower(), name.name.lower()
            references.append((int(schema.meta["start"]), int(name.meta["end"]) + 1, key))
    parts, done = [], 0
    for start, end, key in sorted(references):
        parts += [_escaped(sql[done:start]), "{{ ", _reference(key, models), " }}"]
        done = end
    return "".join([*parts, _escaped(sql[done:])])


def _with_references(path: Path, models: set[Key]) -> bytes:
    # The bytes, since reading text would turn the line ends of Windows into others.
    return with_references(path.read_bytes().decode("utf-8"), models).encode("utf-8")


def _reference(key: Key, models: set[Key]) -> str:
    return f"ref('{key[1]}')" if key in models else f"source('{key[0]}', '{key[1]}')"


def _escaped(text: str) -> str:
    return _JINJA.sub(lambda opening: "{{ '" + opening[0] + "' }}", text)


def _settings(schemas: Sequence[str], name: str) -> dict[str, Any]:
    described = {"+persist_docs": {"relation": True, "columns": True}}
    in_schemas = {schema: {"+schema": schema} for schema in schemas}
    return {
        "name": name,
        "config-version": 2,
        "profile": name,
        "flags": {"send_anonymous_usage_stats": False},
        "models": {
            name: {
                "+materialized": "table",
                **described,
                **in_schemas,
            }
        },
        "seeds": {name: {**described, **in_schemas}},
    }


def _profile(warehouse: Path | None, directory: Path, naming: Naming) -> dict[str, Any]:
    # Addresses of other databases may hold passwords, which belong into no file.
    default = ""
    if warehouse is not None:
        default = ", " + _quoted_for_jinja(_path_from(directory, warehouse))
    return {
        naming.project: {
            "target": "warehouse",
            "outputs": {
                "warehouse": {
                    "type": "duckdb",
                    "path": "{{ env_var('" + naming.variable + "'" + default + ") }}",
                    "schema": "main",
                    "threads": 4,
                    "settings": {"TimeZone": "UTC"},
                }
            },
        }
    }


def _path_from(directory: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), directory.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _quoted_for_jinja(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _sources(sources: Sources) -> Iterator[dict[str, Any]]:
    for schema in sources.schemas:
        yield {
            "name": schema,
            "schema": schema,
            "tables": [
                {
                    "name": table.name,
                    "description": _escaped(table.description),
                    "columns": [
                        {"name": column.name, "data_type": column.type, "description": _escaped(column.description)}
                        for column in table.columns
                    ],
                }
                for table in sources.tables
                if table.schema == schema
            ],
        }


def _schema_yml(model: SqlModel, known: set[Key]) -> dict[str, Any]:
    unit_tests = [_unit_test(model, test, known) for test in model.unit_tests]
    return {
        "version": 2,
        "models": [_model(model, known)],
        **({"unit_tests": unit_tests} if unit_tests else {}),
    }


def _model(model: SqlModel, known: set[Key]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if model.materialized == "view":  # all else is a table: only our runner knows which rows a change touches
        config["materialized"] = "view"
    if model.tags:
        config["tags"] = list(model.tags)
    if model.meta:
        config["meta"] = _escaped_value(dict(model.meta))
    if model.seed_types is not None:
        config["column_types"] = dict(model.seed_types)
    columns = []
    for column in model.columns:
        tests = [_data_test(model, test, known) for test in model.tests if _belongs_to(test) == column.name]
        columns.append(
            {
                "name": column.name,
                "description": _escaped(column.description),
                **({"quote": True} if _needs_quotes(column.name) else {}),
                **({"data_tests": tests} if tests else {}),
            }
        )
    over_columns = [_data_test(model, test, known) for test in model.tests if _belongs_to(test) is None]
    return {
        "name": model.name,
        "description": _escaped(model.description),
        **({"config": config} if config else {}),
        "columns": columns,
        **({"data_tests": over_columns} if over_columns else {}),
    }


def _belongs_to(test: GenericTest) -> str | None:
    """Return the column under which a test is declared; None for a test of the whole model."""
    return test.columns[0] if test.columns and test.kind != "unique_combination_of_columns" else None


def data_test_name(model: SqlModel, test: GenericTest) -> str:
    """Return dbt's name of a data test, which is unique in the whole project."""
    return _dbt_name(model, test) or f"{model.name}_{test.name}"


def _dbt_name(model: SqlModel, test: GenericTest) -> str | None:
    """Return the name that dbt gives by itself, where the test has none of its own and dbt's says it all."""
    if test.kind not in ("not_null", "unique") or test.name != f"{test.kind}_{test.columns[0]}":
        return None
    name = f"{test.kind}_{model.name}_{test.columns[0]}"
    # dbt puts a hash in the place of a longer name, and leaves quotes out.
    return name if len(name) < _LONGEST_DBT_NAME and not _needs_quotes(test.columns[0]) else None


def _data_test(model: SqlModel, test: GenericTest, known: set[Key]) -> dict[str, Any] | str:
    arguments: dict[str, Any] = {}
    if test.kind == "accepted_values":
        # dbt puts quotes around the values and changes nothing in them.
        quoted = any(isinstance(value, str) for value in test.values)
        arguments["values"] = [
            _escaped(value.replace("'", "''")) if isinstance(value, str) else value for value in test.values
        ]
        if not quoted:
            arguments["quote"] = False
    elif test.parent is not None:
        field = test.parent[2]
        arguments["to"] = _reference(test.parent[:2], known)
        arguments["field"] = identifier(field) if _needs_quotes(field) else field
    elif test.expression is not None:
        arguments["expression"] = _escaped(test.expression)
    elif test.kind == "unique_combination_of_columns":
        arguments["combination_of_columns"] = list(test.columns)
    config: dict[str, Any] = {}
    if test.severity != "error":
        config["severity"] = test.severity
    if test.where is not None:
        config["where"] = _escaped(test.where)
    name = data_test_name(model, test)
    body = {
        **({"name": name} if name != _dbt_name(model, test) else {}),
        **({"description": _escaped(test.description)} if test.description else {}),
        **({"arguments": arguments} if arguments else {}),
        **({"config": config} if config else {}),
    }
    return {test.kind: body} if body else test.kind


def _singular_test(test: SingularTest) -> dict[str, Any]:
    config = {
        **({"severity": test.severity} if test.severity != "error" else {}),
        **({"meta": {"by": list(test.by)}} if test.by else {}),
    }
    return {
        "name": test.name,
        **({"description": _escaped(test.description)} if test.description else {}),
        **({"config": config} if config else {}),
    }


def _unit_test(model: SqlModel, test: UnitTest, known: set[Key]) -> dict[str, Any]:
    # dbt compares the columns of the first row, so that all rows must have the same; left out means NULL.
    compared = list(dict.fromkeys(name for row in test.expect for name in row))
    return {
        "name": test.name,
        "model": model.name,
        **({"description": _escaped(test.description)} if test.description else {}),
        "given": [
            {
                "input": _reference(key, known),
                "rows": [{name: _fixture(value) for name, value in row.items()} for row in rows],
            }
            for key, rows in test.given.items()
        ],
        "expect": {"rows": [{name: _fixture(row.get(name)) for name in compared} for row in test.expect]},
    }


def _fixture(value: Any) -> Any:
    """Return a value of a unit test in a form that dbt writes into SQL as it is.

    Times become text in UTC, lists and structures JSON, which DuckDB casts to either.
    """
    if isinstance(value, datetime):
        return (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return _escaped(json.dumps(value, ensure_ascii=False, default=str))
    return _escaped(value) if isinstance(value, str) else value


def _with_doc_blocks(value: Any, names: Mapping[str, str]) -> Any:
    """Return ``value`` with references in the place of descriptions that are those of a block, ``names`` by text."""
    if isinstance(value, Mapping):
        return {
            key: f"{{{{ doc('{names[inner]}') }}}}"
            if key == "description" and inner in names
            else _with_doc_blocks(inner, names)
            for key, inner in value.items()
        }
    return [_with_doc_blocks(inner, names) for inner in value] if isinstance(value, list) else value


def _escaped_value(value: Any) -> Any:
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, Mapping):
        return {key: _escaped_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped_value(inner) for inner in value]
    return value


def _needs_quotes(name: str) -> bool:
    return not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name.lower() in _reserved_words()


@cache
def _reserved_words() -> frozenset[str]:
    import duckdb

    with duckdb.connect(":memory:") as con:
        rows = con.execute("select keyword_name from duckdb_keywords() where keyword_category = 'reserved'").fetchall()
    return frozenset(word for (word,) in rows)


def _duckdb_version() -> str:
    import duckdb

    return duckdb.__version__


def _template(name: str) -> bytes:
    return files(__package__).joinpath("templates", name).read_bytes()


def _text(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8")


def _yaml(document: Mapping[str, Any], command: str) -> bytes:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(dict(document), Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    made = f"# Made by `{command}`, which replaces this folder: change the models where they come from.\n"
    return (made + text).encode("utf-8")
