"""Fields of another type than GitHub's: converted where their meaning is plain, else left empty, or the record out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.github.lenient_json import read_json
from roadmap_pipeline.github.payloads import converters, records
from roadmap_pipeline.github.payloads.normalization import UnusableError, are_as_given, converted, in_order
from roadmap_pipeline.github.payloads.records import Provenance
from roadmap_pipeline.github.payloads.shapes import Kind
from roadmap_pipeline_tests.github.conftest import REPO, ago, issue, job, pull_request, run
from roadmap_pipeline_tests.github.odd import ANY_JSON, ODD, places, with_value
from roadmap_pipeline_tests.github.test_odd_records import COMMIT

READING = Provenance(datetime(2026, 11, 16, 6, tzinfo=UTC), "runs.json")
RUN = run(8, ago(hours=1))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("123", 123),
        (" 123 ", 123),
        ("12.0", 12),
        (12.0, 12),
        ({"$numberLong": "123"}, 123),
        ({"$numberInt": "123"}, 123),
        ({"$numberDouble": "123.0"}, 123),
        (2**63 - 1, 2**63 - 1),
        ("", None),
    ],
)
def test_numbers_that_are_meant(value, expected):
    assert converters.int64(value) == expected


@pytest.mark.parametrize(
    "value", ["12a", "1e5", 1.5, float(2**60), 2**63, str(2**63), -1, True, {"$numberLong": "x"}, {"a": 1}, [1]]
)
def test_numbers_that_nobody_can_mean(value):
    with pytest.raises(UnusableError):
        converters.int64(value)


def test_a_small_number_has_32_bits():
    assert converters.int32(2**31 - 1) == 2**31 - 1
    with pytest.raises(UnusableError):
        converters.int32(2**31)


@pytest.mark.parametrize(
    "value",
    [
        1_793_268_000,
        1_793_268_000.0,
        "1793268000",
        1_793_268_000_000,
        1_793_268_000_000_000,
        {"$date": "2026-10-29T10:00:00Z"},
        {"$date": 1_793_268_000_000},
        {"$date": {"$numberLong": "1793268000000"}},
        "2026-10-29 10:00:00 UTC",
        "2026-10-29T12:00:00+02:00",
        "20261029T100000Z",
        "2026-10-29T10:00:00.000",
    ],
)
def test_times_that_are_meant(value):
    row = records.run_row({**RUN, "created_at": value}, REPO, READING)
    assert row["created_at"] == datetime(2026, 10, 29, 10)  # noqa: DTZ001 - as the warehouse stores times


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:00:00Z",
        "1969-12-31T16:00:00-08:00",
        "1971-01-01T00:30:00+01:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.999-12:00",
        "9998-12-31T23:00:00-12:00",
        0,
        "0",
        {"$date": 0},
    ],
)
def test_times_that_stand_for_none_are_none_everywhere(value: Any) -> None:
    lost: list[str] = []
    steps = [{"number": 1, "name": "Set up job", "started_at": value, "completed_at": "2026-11-16T05:00:00Z"}]
    row = records.job_row({**job(5, 8, ago(hours=1)), "started_at": value, "steps": steps}, REPO, READING, lost)
    assert (row["started_at"], lost) == (None, [])
    assert json.loads(row["steps"])[0]["started_at"] is None
    assert json.loads(row["steps"])[0]["completed_at"] == "2026-11-16T05:00:00Z"
    for kept in ("updated_at", "run_started_at"):
        assert records.run_row({**RUN, kept: value}, REPO, READING)[kept] is None
    for kept in ("closed_at", "merged_at", "updated_at", "created_at"):
        payload = {**pull_request(3, updated_at=ago(days=1)), kept: value}
        assert records.pull_request_row(payload, REPO, READING)[kept] is None
    with pytest.raises(UnusableError, match="it has no created_at"):
        records.run_row({**RUN, "created_at": value}, REPO, READING)


@pytest.mark.parametrize("value", ["yesterday", "2026-99-99T99:99:99Z", 1e40, 10**17, True, [1], {"$date": "x"}])
def test_times_that_nobody_can_mean(value: Any) -> None:
    lost: list[str] = []
    assert records.run_row({**RUN, "updated_at": value}, REPO, READING, lost)["updated_at"] is None
    assert lost == ["updated_at"]


def test_an_object_written_as_text_is_opened():
    payload = {**RUN, "actor": '{"login": "ana", "type": "User"}', "pull_requests": "[]", "head_commit": ""}
    row = records.run_row(payload, REPO, READING)
    assert (row["actor"], row["actor_type"], row["pull_request_numbers"]) == ("ana", "User", [])


@pytest.mark.parametrize(
    ("kind", "payload", "name"),
    [
        (Kind.RUN, RUN, "pull_requests"),
        (Kind.JOB, job(80, 8, ago(hours=1)), "steps"),
        (Kind.JOB, job(80, 8, ago(hours=1)), "labels"),
        (Kind.PULL_REQUEST, pull_request(7, updated_at=ago(hours=1)), "labels"),
        (Kind.ISSUE, issue(6, updated_at=ago(hours=1)), "labels"),
        (Kind.COMMIT, COMMIT, "parents"),
    ],
)
def test_nothing_among_the_items_of_a_list_is_left_out_where_all_else_is_as_it_was(kind, payload, name):
    kept = payload.get(name) or []
    assert converted(kind, {**payload, name: [None, *kept, None]}, [])[name] == kept


def test_lost_fields_are_named_where_they_stood() -> None:
    lost: list[str] = []
    payload = {**RUN, "actor": "ana", "head_commit": {"message": ["a"], "author": {"name": {"a": 1}}}, "name": True}
    row = records.run_row(payload, REPO, READING, lost)
    assert lost == ["name", "head_commit.message", "head_commit.author.name", "actor"]
    assert (row["run_id"], row["actor"], row["workflow_name"], row["head_commit_message"]) == (8, None, None, None)


@pytest.mark.parametrize("name", ["id", "created_at", "run_attempt"])
def test_what_a_run_is_not_told_without(name):
    with pytest.raises(UnusableError, match=f"its {name} can't be used"):
        records.run_row({**RUN, name: ["?"]}, REPO, READING)


def test_a_payload_as_github_gives_it_is_not_copied():
    for kind, payload in (
        (Kind.RUN, RUN),
        (Kind.JOB, job(5, 8, ago(hours=1))),
        (Kind.PULL_REQUEST, pull_request(3, updated_at=ago(days=1))),
        (Kind.ISSUE, issue(4, updated_at=ago(days=1))),
    ):
        assert converted(kind, payload) is payload


@given(st.sampled_from([RUN, job(5, 8, ago(hours=1)), pull_request(3, updated_at=ago(days=1))]), st.data())
def test_what_was_converted_is_so_already(payload: dict[str, Any], data: st.DataObject) -> None:
    kind = Kind.RUN if "run_number" in payload else Kind.JOB if "run_id" in payload else Kind.PULL_REQUEST
    odd = with_value(payload, data.draw(st.sampled_from(places(payload))), data.draw(ANY_JSON))
    try:
        found = converted(kind, odd)
    except UnusableError:
        return
    lost: list[str] = []
    assert converted(kind, found, lost) is found
    assert lost == []


PAYLOADS = {
    Kind.RUN: RUN,
    Kind.JOB: job(5, 8, ago(hours=1)),
    Kind.PULL_REQUEST: pull_request(3, updated_at=ago(days=1)),
}


@given(st.sampled_from(list(PAYLOADS)), st.integers(1, 3), st.data())
def test_many_are_as_given_only_where_each_is_left_as_it_is(kind: Kind, others: int, data: st.DataObject) -> None:
    payload = PAYLOADS[kind]
    place = data.draw(st.sampled_from(list(places(payload))))
    odd = with_value(payload, place, data.draw(st.sampled_from(ODD) | ANY_JSON))
    payloads = [payload] * others + [odd]
    lost: list[str] = []
    try:
        is_left = all(converted(kind, one, lost) is one for one in payloads) and not lost
    except UnusableError:
        is_left = False
    assert is_left or not are_as_given(kind, payloads)


def test_payloads_of_github_are_as_given() -> None:
    plain = {**RUN, "pull_requests": [{"number": 5, "base": {"repo": {"id": 1}}}], "head_repository": None}
    assert are_as_given(Kind.RUN, [RUN, plain, {**RUN, "pull_requests": None}])
    assert not are_as_given(Kind.RUN, [RUN, {**RUN, "pull_requests": [None]}])
    assert not are_as_given(Kind.RUN, [RUN, {**RUN, "id": None}])
    assert not are_as_given(Kind.RUN, [])


@given(ANY_JSON)
def test_any_json_is_read_and_can_be_stored(value):
    read = read_json(json.dumps(value).encode())
    text = json.dumps(read, allow_nan=False, ensure_ascii=False)
    assert "\0" not in text.encode().decode()
    assert "\\u0000" not in text


@pytest.mark.parametrize("text", ["", "nope", "{} {}", '{"a": }', "[" * 100_000])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        read_json(text.encode())


def test_a_list_with_odd_items_can_be_walked():
    times = [ago(hours=n) for n in range(4)]
    runs = [run(n, at) for n, at in enumerate(times)]
    runs[0] |= {"created_at": "?"}
    runs[2] = "a text"
    runs[3] |= {"id": "three"}
    found = in_order(Kind.RUN, runs, "created_at")
    assert found[1] is runs[1]
    assert [item["created_at"] for item in found] == [runs[1]["created_at"]] * 3 + [runs[3]["created_at"]]
    with pytest.raises(UnusableError, match="its id can't be used"):
        records.run_row(found[3], REPO, READING)
    assert in_order(Kind.RUN, [], "created_at") == []
    with pytest.raises(UnusableError, match="no run has a created_at"):
        in_order(Kind.RUN, [5, {"created_at": "?"}], "created_at")


@given(st.lists(st.sampled_from(ODD) | ANY_JSON, max_size=5))
def test_any_list_can_be_walked_or_is_refused_as_a_whole(items):
    try:
        found = in_order(Kind.PULL_REQUEST, items, "updated_at")
    except UnusableError:
        return
    assert len(found) == len(items)
    assert all(converters.parse_time(item["updated_at"]) for item in found)


@pytest.mark.parametrize("backslashes", [0, 999, 1_000, 1_500])
def test_an_escaped_nul_is_found_behind_however_many_backslashes(backslashes):
    text = '["' + "\\\\n" * backslashes + '", "a\\u0000b"]'
    assert read_json(text.encode())[1] == "a\ufffdb"
