"""A project that was parsed before is taken from where it is kept, and only while that is right."""

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

import roadmap_pipeline
from dbt_like_sql.runner.project.cache import cache_file, cached
from dbt_like_sql.runner.project.parser import parse_project
from dbt_like_sql.runner.project.problems import ProjectError
from dbt_like_sql.runner.project.project import Project, load_project, project_directory
from roadmap_pipeline import pipeline
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline_tests.dbt_like_sql.runner.small_project import MARTS_YML, small_project, write

PACKAGE = Path(roadmap_pipeline.__file__).parent

_FILES = small_project() | {
    "models/marts/unit.yaml": """\
unit_tests:
  - name: counts
    model: runs_by_repo
    given:
      - {input: ref('stg_runs'), rows: [{repo: a, conclusion: success, created_at: 2026-11-09 10:00:00}]}
    expect: {rows: [{repo: a, runs: 1, pass_rate: 1.0}]}
""",
    "seeds/reference/rates.csv": "label,cents\nubuntu,1\n",
    "seeds/schema.yml": """\
seeds:
  - name: rates
    description: What a minute costs.
    config: {column_types: {cents: integer}}
    columns: [{name: label, description: Label.}, {name: cents, description: Cents a minute.}]
""",
    "tests/no_run.sql": "select r.run_id from staging.stg_runs as r where r.run_id = 0",
    "tests/no_repo.sql": "select r.repo from marts.runs_by_repo as r where r.repo = ''",
}


@pytest.fixture(autouse=True)
def _bytecode_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment of the tests says."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write(tmp_path / "dbt_like_sql", _FILES)


def _never(directory: Path) -> Project:
    raise AssertionError(f"{directory} is parsed though it is kept")


def _is_kept(directory: Path, project: Project) -> bool:
    return cached(directory, _never) == project


def _around(directory: Path) -> list[str]:
    """All that lies in the folder where the project is kept."""
    return sorted(path.name for path in cache_file(directory).parent.iterdir())


def _run(code: str, *arguments: Path, path: str = str(PACKAGE.parent)) -> subprocess.Popen[str]:
    """Another interpreter that writes bytecode, with the package from ``path``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment | {"PYTHONPATH": path},
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
    )


def _says(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.strip()


# What is kept


def test_all_of_the_real_project_comes_back_as_it_was_parsed(tmp_path: Path) -> None:
    shutil.copytree(project_directory(), tmp_path / "p", ignore=shutil.ignore_patterns("__pycache__"))
    parsed = parse_project(tmp_path / "p")
    assert load_project(tmp_path / "p") == parsed
    kept = cached(tmp_path / "p", _never)
    assert kept == parsed
    assert [(model.definition, model.described) for model in kept.models] == [
        (model.definition, model.described) for model in parsed.models
    ]


def test_seeds_unit_tests_and_singular_tests_are_kept_too(directory: Path) -> None:
    project = load_project(directory)
    assert _is_kept(directory, project)
    assert project.model("rates").seed_types and project.model("runs_by_repo").unit_tests and project.singular_tests
    assert _around(directory) == [cache_file(directory).name]


def test_what_is_kept_is_found_without_the_libraries_that_parse(directory: Path) -> None:
    code = """
import sys
from pathlib import Path
from roadmap_pipeline.warehouse.models import load_project
load_project(Path(sys.argv[1]))
print(*sorted({"sqlglot", "yaml", "pydantic", "dbt_like_sql.runner.project.parser"} & set(sys.modules)))
"""
    load_project(directory)
    assert _says(_run(code, directory)) == ""


# What changes


def _edit(name: str, old: str, new: str) -> Callable[[Path], object]:
    assert old in _FILES[name]
    return lambda directory: (directory / name).write_text(_FILES[name].replace(old, new), encoding="utf-8")


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
        pytest.param(_edit("models/marts/runs_by_repo.sql", "count(*)", "count(1)"), id="a model's SQL"),
        pytest.param(_edit("models/staging/stg_runs.sql", "One row", "A row"), id="a comment"),
        pytest.param(_edit("models/marts/schema.yml", "Repository.", "Where."), id="a description"),
        pytest.param(_edit("models/marts/unit.yaml", "success", "failure"), id="a unit test"),
        pytest.param(_edit("seeds/reference/rates.csv", "ubuntu,1", "ubuntu,2"), id="a seed's row"),
        pytest.param(_edit("seeds/schema.yml", "integer", "bigint"), id="a seed's type"),
        pytest.param(_edit("tests/no_run.sql", "= 0", "= 1"), id="a singular test"),
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
    assert _is_kept(directory, before)
    change(directory)
    after = load_project(directory)
    assert after == parse_project(directory)
    assert after != before
    assert _is_kept(directory, after)


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
    assert _is_kept(directory, load_project(directory))
    write(directory.parent / "elsewhere", {"marts/schema.yml": MARTS_YML.replace("Repository.", "Where.")})
    assert load_project(directory).model("runs_by_repo").columns[0].description == "Where."


def test_what_changes_while_it_is_parsed_is_not_kept(directory: Path) -> None:
    def parse(directory: Path) -> Project:
        project = parse_project(directory)
        _swap(directory)
        return project

    before = cached(directory, parse)
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
        assert project == parse_project(tmp_path / place)
        assert {model.path.relative_to(tmp_path).parts[0] for model in project.models} == {place}
    monkeypatch.chdir(tmp_path)
    assert load_project(Path("moved")).models[0].path.parts[0] == "moved"


_PARSED = """
import sys
from pathlib import Path
from dbt_like_sql.runner.project.project import load_project
load_project(Path(sys.argv[1]))
print("sqlglot" in sys.modules)
"""


def test_other_code_and_other_libraries_parse_anew(directory: Path, tmp_path: Path) -> None:
    code, libraries = tmp_path / "code", tmp_path / "libraries"
    shutil.copytree(PACKAGE, code / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    libraries.mkdir()
    (libraries / "sqlglot").symlink_to(Path(sqlglot.__file__).parent)
    (libraries / "sqlglot-1.0.dist-info").mkdir()
    path = os.pathsep.join(map(str, (code, libraries)))

    def parsed() -> list[str]:
        return [_says(_run(_PARSED, directory, path=path)) for _ in range(2)]

    assert parsed() == ["True", "False"]
    with (code / PACKAGE.name / "warehouse" / "raw.py").open("a") as file:
        file.write("# another table\n")
    assert parsed() == ["True", "False"]
    (libraries / "sqlglot-1.0.dist-info").rename(libraries / "sqlglot-1.1.dist-info")
    assert parsed() == ["True", "False"]


def test_code_that_changed_since_it_was_loaded_keeps_nothing(directory: Path, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    code = f"""
import sys
from pathlib import Path
from roadmap_pipeline.warehouse import project, raw
with Path(raw.__file__).open("a") as file:
    file.write("# another table\\n")
{_PARSED}
"""
    assert _says(_run(code, directory, path=str(tmp_path))) == "True"
    assert not cache_file(directory).exists()


# What goes wrong


def _problems(directory: Path) -> list[str]:
    with pytest.raises(ProjectError) as error:
        load_project(directory)
    return [problem.text for problem in error.value.problems]


def test_problems_are_found_each_time_and_not_kept(directory: Path) -> None:
    good = load_project(directory)
    _edit("models/marts/schema.yml", "Repository.", "''")(directory)
    assert _problems(directory) == _problems(directory) == ["runs_by_repo.repo has no description"]
    with pytest.raises(AssertionError):
        cached(directory, _never)
    write(directory, _FILES)
    assert _is_kept(directory, good)


def test_a_project_that_is_not_there_or_cannot_be_read_is_the_parsers_to_report(directory: Path) -> None:
    for _ in range(2):
        with pytest.raises(RoadmapError, match="has no folder models"):
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
    assert _is_kept(directory, project)
    assert _around(directory) == [file.name]


def test_what_does_not_belong_to_these_files_is_never_unpickled(directory: Path, tmp_path: Path) -> None:
    project, file = load_project(directory), cache_file(directory)
    file.write_bytes(file.read_bytes()[:32] + pickle.dumps(_Harm(tmp_path / "harm")))
    assert load_project(directory) == project
    assert not (tmp_path / "harm").exists()


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Project]:
    directory = write(tmp_path_factory.mktemp("spoilt") / "dbt_like_sql", _FILES)
    return directory, parse_project(directory)


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
    assert _is_kept(directory, project)


# Where it lies


def test_nothing_is_written_where_bytecode_is_not(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr(sys, "dont_write_bytecode", True)
        project = load_project(directory)
        assert sorted(path.name for path in directory.iterdir()) == ["models", "seeds", "tests"]
    load_project(directory)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert _is_kept(directory, project)  # it is read all the same, as bytecode is
    with monkeypatch.context() as without:
        without.setattr(sys.implementation, "cache_tag", None)
        assert load_project(directory) == project


def test_it_lies_where_bytecode_lies(directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_file(directory).parent == directory / "__pycache__"
    assert sys.implementation.cache_tag in cache_file(directory).name
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    assert _is_kept(directory, load_project(directory))
    assert cache_file(directory).is_relative_to(tmp_path / "bytecode")
    assert not (directory / "__pycache__").exists()


def test_a_place_that_cannot_be_written_is_no_error(directory: Path) -> None:
    # What the user of the tests may write, others may not: a file in the folder's place holds for all.
    (directory / "__pycache__").write_text("no folder")
    assert load_project(directory) == load_project(directory) == parse_project(directory)
    assert (directory / "__pycache__").read_text() == "no folder"
    (directory / "__pycache__").unlink()
    cache_file(directory).mkdir(parents=True)
    assert load_project(directory) == load_project(directory) == parse_project(directory)
    assert _around(directory) == [cache_file(directory).name]


# Where the data are, when nothing may be written beside the sources


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the data, in a process that writes no bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def _kept_in(data: Path) -> list[Path]:
    return [path for path in data.rglob("*") if path.is_file()]


def test_without_bytecode_it_lies_with_the_data(directory: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = load_project(directory, data)
    (file,) = _kept_in(data)
    assert file.parent == data / ".roadmap-cache"
    assert cached(directory, _never, data) == project
    assert not (directory / "__pycache__").exists()
    with monkeypatch.context() as without:
        without.setattr(sys.implementation, "cache_tag", None)
        assert cached(directory, parse_project, data) == cached(directory, _never, data) == project


def test_it_lies_with_the_data_where_the_sources_are_for_reading_only(
    directory: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (directory / "__pycache__").write_text("no folder")
    project = load_project(directory, data)
    assert len(_kept_in(data)) == 1
    assert cached(directory, _never, data) == project
    (directory / "__pycache__").unlink()
    _edit("tests/no_run.sql", "= 0", "= 1")(directory)
    assert load_project(directory, data) == cached(directory, _never) != project  # beside the sources, now that it can


def test_with_the_data_every_change_is_seen_and_damage_is_replaced(directory: Path, data: Path) -> None:
    before = load_project(directory, data)
    _edit("models/marts/runs_by_repo.sql", "count(*)", "count(1)")(directory)
    after = load_project(directory, data)
    assert after == parse_project(directory) != before
    (file,) = _kept_in(data)
    file.write_bytes(file.read_bytes()[:-1])
    assert load_project(directory, data) == cached(directory, _never, data) == after
    assert _kept_in(data) == [file]


def test_no_folder_is_made_for_it_and_one_that_cannot_be_written_is_no_error(directory: Path, data: Path) -> None:
    nowhere = data / "nowhere"
    assert load_project(directory, nowhere) == parse_project(directory)
    assert not nowhere.exists()
    (data / ".roadmap-cache").write_text("no folder")
    assert load_project(directory, data) == load_project(directory, data) == parse_project(directory)
    assert _kept_in(data) == [data / ".roadmap-cache"]


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_could_have_written_with_the_data_is_not_unpickled(directory: Path, data: Path, mode: int) -> None:
    project = load_project(directory, data)
    (file,) = _kept_in(data)
    file.chmod(mode)
    with pytest.raises(AssertionError, match="is parsed"):
        cached(directory, _never, data)
    assert load_project(directory, data) == cached(directory, _never, data) == project  # replaced by one's own


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_with_the_data_is_not_unpickled(directory: Path, data: Path) -> None:
    load_project(directory, data)
    (file,) = _kept_in(data)
    os.chown(file, 12345, -1)
    with pytest.raises(AssertionError, match="is parsed"):
        cached(directory, _never, data)


def test_the_installations_own_models_are_kept_beside_the_warehouse(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    monkeypatch.setenv("ROADMAP_WAREHOUSE", str(data / "roadmap.duckdb"))
    project = pipeline.project.__wrapped__()
    assert len(_kept_in(data)) == 1
    assert cached(project_directory(), _never, data) == project
    monkeypatch.setenv("ROADMAP_WAREHOUSE", "md:somewhere")
    assert pipeline.project.__wrapped__() == project


@pytest.mark.parametrize("place", ["beside the sources", "with the data"])
def test_processes_that_load_and_write_at_once_all_get_it(directory: Path, tmp_path: Path, place: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    code = f"""
import sys
sys.dont_write_bytecode = {place == "with the data"}
from pathlib import Path
from dbt_like_sql.runner.project.project import load_project
from dbt_like_sql.runner.project.cache import cache_file
from dbt_like_sql.runner.project.parser import parse_project
directory, data = map(Path, sys.argv[1:])
parsed = parse_project(directory)
for _ in range(40):
    assert load_project(directory, data) == parsed
    for kept in (cache_file(directory), *data.glob("*/*.pickle")):
        kept.unlink(missing_ok=True)
assert load_project(directory, data) == parsed
"""
    processes = [_run(code, directory, data) for _ in range(3)]
    assert [_says(process) for process in processes] == [""] * 3
    if place == "with the data":
        assert [path.suffix for path in _kept_in(data)] == [".pickle"]
    else:
        load_project(directory)
        assert _around(directory) == [cache_file(directory).name]
        assert _kept_in(data) == []
