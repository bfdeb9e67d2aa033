"""CSV files that are loaded as tables."""

from pathlib import Path

import duckdb
import pytest

from dbt_like_sql.runner.build.audit import ModelTestFailed
from dbt_like_sql.runner.build.building import build
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import load_project, new_database, small_project, write

_YML = """\
seeds:
  - name: rates
    description: Price of a minute.
    config: {column_types: {cents: integer}}
    columns:
      - {name: label, description: Label of the runner., data_tests: [unique]}
      - {name: cents, description: Cents a minute.}
"""
_FILES = {
    "seeds/reference/rates.csv": 'label,cents\nubuntu-latest,1\n"mac, large",10\n',
    "seeds/schema.yml": _YML,
    "models/marts/prices.sql": "select r.label, r.cents * 60 as hour from reference.rates as r",
    "models/marts/prices.yml": "models:\n  - {name: prices, description: x, columns: [{name: label, description: x},"
    " {name: hour, description: x}]}\n",
}


def _load(tmp_path: Path, **changed: str) -> Project:
    return load_project(write(tmp_path / "dbt_like_sql", small_project() | _FILES | changed))


def test_a_seed_is_a_table_that_models_read_and_tests_hold(tmp_path: Path) -> None:
    with new_database() as con:
        build(con, _load(tmp_path))
        assert con.execute("select label, hour from marts.prices order by hour").fetchall() == [
            ("ubuntu-latest", 60),
            ("mac, large", 600),
        ]
        assert [r.action for r in build(con, _load(tmp_path))] == ["skipped"] * 4
        more = _FILES["seeds/reference/rates.csv"] + "big,5\n"
        built = build(con, _load(tmp_path, **{"seeds/reference/rates.csv": more}))
        assert {r.model.name for r in built if r.action == "full"} == {"rates", "prices"}
        with pytest.raises(ModelTestFailed, match="unique_label"):
            build(con, _load(tmp_path, **{"seeds/reference/rates.csv": more + "big,6\n"}))
        assert con.execute("select count(*) from reference.rates").fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seeds/rates.csv": "a\n1\n"}, "seeds are files seeds/<schema>/<table>.csv"),
        ({"seeds/reference/more.csv": "a\n1\n"}, "reference.more is described in no .yml"),
        ({"seeds/reference/rates.csv": ""}, "the first line must name the columns"),
        ({"seeds/schema.yml": _YML.replace("cents: integer", "cent: integer")}, "there is no column cent"),
        (
            {"seeds/schema.yml": _YML.replace("seeds:", "models:").replace("config", "#config")},
            "there is no model rates",
        ),
        ({"seeds/reference/stg_runs.csv": "a\n1\n"}, "the name stg_runs is taken"),
    ],
)
def test_seeds_that_do_not_fit_are_refused(tmp_path: Path, changed: dict[str, str], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        _load(tmp_path, **changed)


def test_a_value_of_another_type_names_the_file(tmp_path: Path) -> None:
    project = _load(tmp_path, **{"seeds/reference/rates.csv": "label,cents\nx,many\n"})
    with new_database() as con, pytest.raises(Exception, match=r"rates\.csv") as error:
        build(con, project)
    assert not isinstance(error.value, duckdb.Error)
