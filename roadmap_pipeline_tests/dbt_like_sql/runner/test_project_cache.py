"""A project that was parsed before is taken from where it is kept, and only while that is right."""

import dataclasses
import os
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from dbt_like_sql.runner.errors import RunnerError
from dbt_like_sql.runner.project import loading
from dbt_like_sql.runner.project.cache import cache_file, cached
from dbt_like_sql.runner.project.parser import parse_project
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project
from dbt_like_sql.runner.project.sources import Sources
from roadmap_pipeline_tests.dbt_like_sql.runner.cached_project import (
    FILES,
    PACKAGE,
    around,
    edit,
    is_kept,
    kept,
    never,
    parsed,
    run,
    says,
)
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import (
    MARTS_YML,
    SOURCES,
    load_project,
    write,
)


@pytest.fixture(autouse=True)
def _bytecode_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let bytecode be written, whatever the environment of the tests is."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write(tmp_path / "dbt_like_sql", FILES)


# What is kept


def test_seeds_unit_tests_and_singular_tests_are_kept_too(directory: Path) -> None:
    project = load_project(directory)
    assert is_kept(directory, project)
    assert project.model("rates").seed_types and project.model("runs_by_repo").unit_tests and project.singular_tests
    assert around(directory) == [cache_file(directory).name]


def test_what_is_kept_is_found_without_the_libraries_that_parse(directory: Path) -> None:
    code = """
import sys
from pathlib import Path
from dbt_like_sql.runner.project.loading import load_project
load_project(Path(sys.argv[1]), SOURCES)
print(*sorted({"sqlglot", "yaml", "pydantic", "dbt_like_sql.runner.project.parser"} & set(sys.modules)))
"""
    load_project(directory)
    assert says(run(code, directory)) == ""


# What changes


def _rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda directory: (directory / old).rename(directory / new)


def _add_model(directory: Path) -> None:
    yml = "models: [{name: added, description: x, columns: [{name: repo, description: x}]}]"
    sql = "select s.repo from staging.stg_runs as s"
    write(directory, {"models/other/added.sql": sql, "models/other/added.yml": yml})


def _remove_model(directory: Path) -> None:
    for path in (directory / "models" / "marts").iterdir():
        path.unlink()
    (directory / "tests" / "no_repo.sql").unlink()


def _swap(directory: Path) -> None:
    one, other = directory / "tests" / "no_run.sql", directory / "tests" / "no_repo.sql"
    texts = one.read_bytes(), other.read_bytes()
    one.write_bytes(texts[1])
    other.write_bytes(texts[0])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(edit("models/marts/runs_by_repo.sql", "count(*)", "count(1)"), id="a model's SQL"),
        pytest.param(edit("models/staging/stg_runs.sql", "One row", "A row"), id="a comment"),
        pytest.param(edit("models/marts/schema.yml", "Repository.", "Where."), id="a description"),
        pytest.param(edit("models/marts/unit.yaml", "success", "failure"), id="a unit test"),
        pytest.param(edit("seeds/reference/rates.csv", "ubuntu,1", "ubuntu,2"), id="a seed's row"),
        pytest.param(edit("seeds/schema.yml", "integer", "bigint"), id="a seed's type"),
        pytest.param(edit("tests/no_run.sql", "= 0", "= 1"), id="a singular test"),
        pytest.param(_rename("tests/no_run.sql", "tests/never_a_run.sql"), id="a singular test's name"),
        pytest.param(_rename("models/marts/schema.yml", "models/marts/other.yaml"), id="a schema.yml's name"),
        pytest.param(_rename("seeds/reference", "seeds/rates"), id="a folder's name"),
        pytest.param(_swap, id="the same texts under each other's names"),
        pytest.param(_add_model, id="a model more"),
        pytest.param(_remove_model, id="a model less"),
        pytest.param(lambda directory: (directory / "tests/no_run.sql").unlink(), id="a singular test less"),
    ],
)
def test_every_change_is_seen(directory: Path, change: Callable[[Path], object]) -> None:
    before = load_project(directory)
    assert is_kept(directory, before)
    change(directory)
    after = load_project(directory)
    assert after == parsed(directory)
    assert after != before
    assert is_kept(directory, after)


def test_a_change_that_leaves_size_and_times_is_seen(directory: Path) -> None:
    path = directory / "seeds" / "reference" / "rates.csv"
    before, stat = load_project(directory), path.stat()
    path.write_text("label,cents\nubuntu,7\n", encoding="utf-8")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_size == stat.st_size
    assert load_project(directory).model("rates").version != before.model("rates").version


def test_a_folder_of_models_that_is_a_link_is_looked_into(directory: Path) -> None:
    (directory / "models").rename(directory.parent / "elsewhere")
    (directory / "models").symlink_to(directory.parent / "elsewhere")
    assert is_kept(directory, load_project(directory))
    write(directory.parent / "elsewhere", {"marts/schema.yml": MARTS_YML.replace("Repository.", "Where.")})
    assert load_project(directory).model("runs_by_repo").columns[0].description == "Where."


def test_what_changes_while_it_is_parsed_is_not_kept(directory: Path) -> None:
    def parse(directory: Path, sources: Sources) -> Project:
        project = parse_project(directory, sources)
        _swap(directory)
        return project

    before = cached(directory, SOURCES, parse)
    assert not cache_file(directory).exists()
    _swap(directory)
    assert load_project(directory) == before


def test_a_project_that_was_moved_or_copied_has_its_own_paths(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_project(directory)
    for place, put in (("copied", shutil.copytree), ("moved", shutil.move)):
        put(directory, tmp_path / place)
        assert cache_file(tmp_path / place).exists()
        project = load_project(tmp_path / place)
        assert project == parsed(tmp_path / place)
        assert {model.path.relative_to(tmp_path).parts[0] for model in project.models} == {place}
    monkeypatch.chdir(tmp_path)
    assert load_project(Path("moved")).models[0].path.parts[0] == "moved"


_PARSED = """
import sys
from pathlib import Path
from dbt_like_sql.runner.project.loading import load_project
load_project(Path(sys.argv[1]), SOURCES)
print("sqlglot" in sys.modules)
"""


def test_other_code_and_other_libraries_parse_anew(directory: Path, tmp_path: Path) -> None:
    code, libraries = tmp_path / "code", tmp_path / "libraries"
    shutil.copytree(PACKAGE, code / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    libraries.mkdir()
    (libraries / "sqlglot").symlink_to(Path(sqlglot.__file__).parent)
    (libraries / "sqlglot-1.0.dist-info").mkdir()
    path = os.pathsep.join(map(str, (code, libraries)))

    def parsing() -> list[str]:
        return [says(run(_PARSED, directory, path=path)) for _ in range(2)]

    assert parsing() == ["True", "False"]
    for module in ("database.py", "build/change_log.py", "project/schema_yml.py"):
        with (code / PACKAGE.name / "runner" / module).open("a") as file:
            file.write("# another rule\n")
        assert parsing() == ["True", "False"]
    (libraries / "sqlglot-1.0.dist-info").rename(libraries / "sqlglot-1.1.dist-info")
    assert parsing() == ["True", "False"]


def test_other_sources_parse_anew(directory: Path) -> None:
    before = load_project(directory)
    first, *others = SOURCES.tables
    described = dataclasses.replace(first, description="Other attempts.")
    for sources in (Sources((described, *others), SOURCES.change_keys), Sources(SOURCES.tables)):
        with pytest.raises(AssertionError, match="is parsed"):
            cached(directory, sources, never)
        assert loading.load_project(directory, sources).sources == sources
    with pytest.raises(ProjectError, match=r"raw\.workflow_runs is neither a model nor a table"):
        loading.load_project(directory, Sources(tuple(others)))
    assert load_project(directory) == before


def test_code_that_changed_since_it_was_loaded_keeps_nothing(directory: Path, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "code" / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    code = f"""
import sys
from pathlib import Path
from dbt_like_sql.runner import database
from dbt_like_sql.runner.project import loading
with Path(database.__file__).open("a") as file:
    file.write("# another rule\\n")
{_PARSED}
"""
    assert says(run(code, directory, path=str(tmp_path / "code"))) == "True"
    assert not cache_file(directory).exists()


# What goes wrong


def _problems(directory: Path) -> list[str]:
    with pytest.raises(ProjectError) as error:
        load_project(directory)
    return [problem.text for problem in error.value.problems]


def test_problems_are_found_each_time_and_not_kept(directory: Path) -> None:
    good = load_project(directory)
    edit("models/marts/schema.yml", "Repository.", "''")(directory)
    assert _problems(directory) == _problems(directory) == ["runs_by_repo.repo has no description"]
    with pytest.raises(AssertionError):
        kept(directory)
    write(directory, FILES)
    assert is_kept(directory, good)


def test_a_project_that_is_not_there_or_cannot_be_read_is_the_parsers_to_report(directory: Path) -> None:
    for _ in range(2):
        with pytest.raises(RunnerError, match="has no folder models"):
            load_project(directory / "nowhere")
    load_project(directory)
    (directory / "models" / "marts" / "gone.sql").symlink_to(directory / "nowhere")
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            load_project(directory)


class _Harm:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda whole: whole[:20], id="cut in the digest"),
        pytest.param(lambda whole: whole[:32], id="nothing after the digest"),
        pytest.param(lambda whole: whole[:-1], id="cut at the end"),
        pytest.param(lambda whole: whole + b"x", id="longer"),
        pytest.param(lambda whole: bytes(32) + whole[32:], id="another digest"),
        pytest.param(lambda whole: whole[32:], id="no digest"),
        pytest.param(lambda _: b"not ours\n" * 100, id="another program's"),
    ],
)
def test_a_damaged_file_is_replaced(directory: Path, damage: Callable[[bytes], bytes]) -> None:
    project, file = load_project(directory), cache_file(directory)
    file.write_bytes(damage(file.read_bytes()))
    assert load_project(directory) == project
    assert is_kept(directory, project)
    assert around(directory) == [file.name]


def test_what_does_not_belong_to_these_files_is_never_unpickled(directory: Path, tmp_path: Path) -> None:
    project, file = load_project(directory), cache_file(directory)
    file.write_bytes(file.read_bytes()[:32] + pickle.dumps(_Harm(tmp_path / "harm")))
    assert load_project(directory) == project
    assert not (tmp_path / "harm").exists()


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Project]:
    directory = write(tmp_path_factory.mktemp("spoilt") / "dbt_like_sql", FILES)
    return directory, parsed(directory)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_gives_another_project(spoilt: tuple[Path, Project], data: st.DataObject) -> None:
    directory, project = spoilt
    file = cache_file(directory)
    assert load_project(directory) == project
    content = bytearray(file.read_bytes())
    places = st.integers(0, len(content) - 1)
    for place, flipped in data.draw(st.dictionaries(places, st.integers(1, 255), max_size=5), label="flips").items():
        content[place] ^= flipped
    file.write_bytes(content[: data.draw(st.none() | places, label="length")])
    assert load_project(directory) == project
    assert is_kept(directory, project)
