"""The failures that no rule knows: whom they hit, and what is drafted for them."""

from typing import Any

from roadmap_pipeline.reports.unknown import unknown_failures, unknown_share
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import REPO, StoredHistory
from roadmap_pipeline_tests.reports.histories import fails


def _unknown(
    history: StoredHistory, time: str, evidence: str, fingerprint: str, *, excerpt: str | None, **values: Any
) -> None:
    fails(history, time, "unknown", domain="unknown", evidence=evidence, fingerprint=fingerprint, log=False, **values)
    verdict = history.rows["derived.failure_verdicts"][-1]
    verdict |= {"line": 7 if excerpt else None, "judged_from": "log" if excerpt else "job"}
    key = {name: verdict[name] for name in ("repo", "job_id", "run_id", "run_attempt")}
    history.add("raw.job_logs", **key, state="stored" if excerpt else "expired", excerpt=excerpt)


def test_by_people_hit_and_what_no_rule_can_tell_last():
    history = StoredHistory()
    sad = "frobnicator {} is sad"
    _unknown(history, "11-10 10:00", "once upon a time", "f1", excerpt="once upon a time")
    _unknown(history, "11-10 11:00", sad.format(1), "f2", excerpt=sad.format(1))
    _unknown(history, "11-11 11:00", sad.format(2), "f2", excerpt=sad.format(2), actor="bob")
    for actor in ("ada", "bob", "cleo"):
        _unknown(history, "11-11 12:00", "Failed step: Deploy", "f3", excerpt=None, actor=actor)
    fails(history, "11-12 10:00", fingerprint="f9", log=False)
    with history.built() as warehouse:
        found = unknown_failures(warehouse.con, limit=10)
        assert unknown_share(warehouse.con) == {"failures": 7, "unknown": 6, "groups": 3}
        assert [row["fingerprint"] for row in unknown_failures(warehouse.con, limit=1)] == ["f2"]
    assert [(row["fingerprint"], row["people"], row["is_told"]) for row in found] == [
        ("f2", 2, True),
        ("f1", 1, True),
        ("f3", 3, False),
    ]
    draft = found[0]["draft"]
    assert draft["pattern"] == r"(?i)frobnicator\s+[\d.,]+\s+is\s+sad"
    assert (draft["hits"], draft["failing_logs"]) == ({"unknown": 2}, 3)
    assert found[2]["draft"] is None
    assert {row["repo"] for row in found} == {REPO}


def test_nothing_unknown():
    with StoredHistory().built() as warehouse:
        assert unknown_failures(warehouse.con, limit=10) == []
        assert unknown_share(warehouse.con) == {"failures": 0, "unknown": 0, "groups": 0}
