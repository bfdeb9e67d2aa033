"""Addresses of lakes: their parts, what is shown of them, and what is said where one can't be opened."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.cli import main
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.warehouse.connection import connect, is_file, shown_path
from roadmap_pipeline.warehouse.errors import WarehouseError
from roadmap_pipeline.warehouse.lake.address import LakeAddress, at_snapshot, is_lake, parse
from roadmap_pipeline.warehouse.lake.attaching import s3_secret


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("postgres:dbname=lake host=db", LakeAddress("dbname=lake host=db")),
        ("postgres:dbname=lake?data_path=s3://b/f/", LakeAddress("dbname=lake", None, "s3://b/f/")),
        (
            "postgres:dbname=lake password=a1 host=db?data_path=s3://b&schema=team",
            LakeAddress("dbname=lake host=db", "a1", "s3://b", "team"),
        ),
        ("postgres:password='it\\'s a b' dbname=lake", LakeAddress("dbname=lake", "it's a b")),
        ("postgres:PASSWORD = x dbname=lake", LakeAddress("dbname=lake", "x")),
        ("postgres:passfile=/p dbname=lake", LakeAddress("passfile=/p dbname=lake")),
        (
            "postgres:postgresql://ci:p%40ss@db:5433/lake?sslmode=require&data_path=s3://b",
            LakeAddress("postgresql://ci@db:5433/lake?sslmode=require", "p@ss", "s3://b"),
        ),
        (
            "postgresql://db/lake?data_path=/mnt/lake&sslmode=require",
            LakeAddress("postgresql://db/lake?sslmode=require", None, "/mnt/lake"),
        ),
        ("postgres:dbname=lake?snapshot=17", LakeAddress("dbname=lake", snapshot=17)),
    ],
)
def test_the_parts_of_an_address(text: str, address: LakeAddress) -> None:
    found = parse(f"ducklake:{text}")
    assert found == address
    assert found.password == address.password
    assert is_lake(f"ducklake:{text}")
    assert not is_file(f"ducklake:{text}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("roadmap.ducklake", "catalog is in PostgreSQL: write ducklake:postgres:"),
        ("sqlite:lake.db", "catalog is in PostgreSQL"),
        ("nowhere:password=hunter2", "not ducklake:nowhere:password=\\*\\*\\*"),
        ("postgres:", "names no database"),
        ("postgres:password=x?data_path=s3://b", "names no database"),
        ("postgres:dbname=l?schema=a-b", "schema=a-b is no name"),
        ("postgres:dbname=l?snapshot=new", "snapshot=new is no number"),
    ],
)
def test_what_is_no_address(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as refusal:
        parse(f"ducklake:{text}")
    assert "hunter2" not in str(refusal.value)


_TEXTS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="&?%\"';"), min_size=6)


@given(_TEXTS, st.booleans())
def test_a_password_is_known_and_never_shown(secret: str, quoted: bool) -> None:
    password = f"'{secret.replace(chr(92), chr(92) * 2)}'" if quoted else secret.replace("\\", "/")
    text = f"ducklake:postgres:dbname=lake password={password} host=db?data_path=s3://b"
    address = parse(text)
    assert address.password == (secret if quoted else secret.replace("\\", "/"))
    assert address.connection == "dbname=lake host=db"
    assert secret not in shown_path(text)
    assert secret not in repr(address)


def test_the_address_of_a_snapshot() -> None:
    assert parse(at_snapshot("ducklake:postgres:dbname=lake", 3)) == LakeAddress("dbname=lake", snapshot=3)
    there = at_snapshot("ducklake:postgres:postgresql://db/lake?data_path=s3://b", 3)
    assert parse(there) == LakeAddress("postgresql://db/lake", None, "s3://b", snapshot=3)


@pytest.mark.parametrize(
    ("environment", "data_path", "statement"),
    [
        ({}, None, "select 1"),
        (
            {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "it's", "AWS_DEFAULT_REGION": "eu-north-1"},
            "s3://b/f",
            "create or replace secret roadmap_storage (type s3, key_id 'id', secret 'it''s', region 'eu-north-1',"
            " scope 's3://b/f')",
        ),
        (
            {"AWS_ENDPOINT_URL": "http://minio:9000", "AWS_SESSION_TOKEN": "t"},
            None,
            "create or replace secret roadmap_storage (type s3, session_token 't', endpoint 'minio:9000',"
            " use_ssl false, url_style 'path')",
        ),
    ],
)
def test_the_storage_is_reached_by_the_variables_of_aws(
    environment: Mapping[str, str], data_path: str | None, statement: str
) -> None:
    assert s3_secret(environment, data_path) == statement


def test_without_the_extension_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where extensions are that somebody installed by hand
    lake = "ducklake:postgres:dbname=lake password=hunter2?data_path=s3://b"
    with pytest.raises(WarehouseError) as failure, connect(lake, read_only=True):
        pass
    told = str(failure.value)
    assert "has no extension ducklake: pip install -c constraints-lake.txt 'roadmap_pipeline[lake]'" in told
    assert "\n" not in told
    result = CliRunner().invoke(main, ["status"], env={"ROADMAP_WAREHOUSE": lake})
    assert (result.exit_code, "hunter2" in result.output) == (1, False)
    assert "has no extension ducklake" in result.output


def test_without_psycopg_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with (
        pytest.raises(WarehouseError, match=r"psycopg2 is not installed here: pip install .*roadmap_pipeline\[lake\]"),
        connect("ducklake:postgres:dbname=lake"),
    ):
        pass
