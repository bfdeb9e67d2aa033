"""Settings in the warehouse: under the names that repositories have now."""

import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.ingest.store import IngestSummary, Store
from roadmap_pipeline.settings import Settings, load_settings
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline.warehouse.parameters import store_parameters

NOW = datetime(2026, 11, 16, tzinfo=UTC)
JAN, MAY = datetime(2026, 1, 1), datetime(2026, 5, 1)  # noqa: DTZ001 - naive, as all times of the warehouse


def _settings(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "roadmap.toml").write_text(text)
    return load_settings({}, tmp_path)


def _configured(con: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[list[tuple[str, ...]], ...]:
    store_parameters(con, settings)
    return tuple(
        con.execute(query).fetchall()
        for query in (
            "select repo from config.repositories order by position",
            "select repo, workflow_path from config.critical_workflows order by all",
            "select repo, branch from config.default_branches order by all",
        )
    )


@pytest.mark.parametrize("name", ["acme/old", "acme/older", "Acme/Pay", "acme/pay"])
def test_every_name_of_a_repository_stands_for_it(name: str, tmp_path: Path) -> None:
    settings = _settings(
        tmp_path,
        f'repositories = ["{name}", "acme/other"]\n[critical_workflows]\n"{name}" = ["ci.yml"]\n'
        f'[default_branches]\n"{name}" = {{ master = "2026-10-21" }}\n',
    )
    with connect(tmp_path / "roadmap.duckdb") as con:
        store = Store(con, IngestSummary(), NOW)
        for number, known in enumerate(["acme/older", "acme/old", "acme/pay"], start=1):
            store.name_repository(101, known, datetime(2026, number, 1))  # noqa: DTZ001
        assert _configured(con, settings) == (
            [("acme/pay",), ("acme/other",)],
            [("acme/pay", ".github/workflows/ci.yml")],
            [("acme/pay", "master")],
        )


def test_two_names_of_one_repository_are_one(tmp_path: Path) -> None:
    settings = _settings(tmp_path, 'repositories = ["acme/new", "acme/old", "acme/other"]\n')
    with connect(tmp_path / "roadmap.duckdb") as con:
        store = Store(con, IngestSummary(), NOW)
        store.name_repository(101, "acme/old", JAN)
        store.name_repository(101, "acme/new", MAY)
        assert _configured(con, settings)[0] == [("acme/new",), ("acme/other",)]
        assert con.execute("select position from config.repositories order by 1").fetchall() == [(1,), (2,)]


def test_a_name_that_another_repository_took_stands_for_that_one(tmp_path: Path) -> None:
    settings = _settings(tmp_path, 'repositories = ["acme/shop"]\n[critical_workflows]\n"acme/shop" = ["ci.yml"]\n')
    with connect(tmp_path / "roadmap.duckdb") as con:
        store = Store(con, IngestSummary(), NOW)
        store.name_repository(101, "acme/shop", JAN)
        store.name_repository(101, "acme/old-shop", MAY)
        store.name_repository(202, "acme/shop", MAY)
        assert _configured(con, settings)[0] == [("acme/shop",)]


def test_the_fork_of_somebody_takes_no_name(tmp_path: Path) -> None:
    """Forks are known by name, too, but nothing of them is configured."""
    settings = _settings(tmp_path, 'repositories = ["ana/pay"]\n')
    with connect(tmp_path / "roadmap.duckdb") as con:
        con.execute("insert into raw.repository_names values ('ana/paid', 5, 'ana/pay', '2026-01-01')")
        assert _configured(con, settings)[0] == [("ana/pay",)]


def test_prices_and_calendar_are_stored_in_their_order(tmp_path: Path) -> None:
    settings = _settings(
        tmp_path,
        '[costs]\ncurrency = "EUR"\nper_minute = { "ubuntu-*" = 0.006, self-hosted = 0 }\n'
        "[savings]\nminutes_per_repair = 45\n"
        '[forecast]\nworking_days = ["sun", "mon"]\nblackout_days = ["2026-12-24/2026-12-25"]\n',
    )
    with connect(tmp_path / "roadmap.duckdb") as con:
        store_parameters(con, settings)
        parameters = "cost_currency, minutes_per_repair, minutes_per_rerun"
        assert con.execute(f"select {parameters} from config.parameters").fetchall() == [("EUR", 45, 10)]
        assert con.execute("from config.runner_prices order by position").fetchall() == [
            ("ubuntu-*", 1, 0.006),
            ("self-hosted", 2, 0.0),
        ]
        assert con.execute("from config.working_days order by all").fetchall() == [(1,), (7,)]
        assert [str(day) for (day,) in con.execute("from config.blackout_days order by all").fetchall()] == [
            "2026-12-24",
            "2026-12-25",
        ]
        store_parameters(con, _settings(tmp_path, '[costs]\ncurrency = "EUR"\n'))
        # A currency without a price is none.
        assert con.execute("select cost_currency from config.parameters").fetchall() == [(None,)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('currency = "euro"', "costs.currency"),
        ("per_minute = { ubuntu-latest = -1 }", "costs.per_minute.ubuntu-latest"),
        ('per_minute = { "" = 1 }', "costs.per_minute"),
        ('per_minute = { ubuntu-latest = "cheap" }', "costs.per_minute.ubuntu-latest"),
        ('rounding = "none"', "costs.rounding"),
    ],
)
def test_prices_that_are_none_are_problems(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(problem)):
        _settings(tmp_path, f"[costs]\n{text}\n")


def test_teams_are_stored_in_their_order_patterns_then_property_then_topics(tmp_path: Path) -> None:
    settings = _settings(
        tmp_path,
        '[teams]\ntopic_prefix = "Team-"\ncustom_property = "Owning_Team"\n'
        '[teams.repositories]\n"acme/pay-*" = "Payments"\n"acme/*" = "Others"\n',
    )
    with connect(tmp_path / "roadmap.duckdb") as con:
        store_parameters(con, settings)
        assert con.execute("from config.teams order by position").fetchall() == [
            (1, "pattern", "acme/pay-*", "Payments"),
            (2, "pattern", "acme/*", "Others"),
            (3, "property", "Owning_Team", None),
            (4, "topic_prefix", "team-", None),
        ]
