"""Every endpoint of the ingest failing for good, with everything that GitHub may say: part of ``make test-scale``.

Prints what each costs: requests wasted by the ingest that meets it first, and by the next one.
"""

import pytest

from roadmap_pipeline import interruption
from roadmap_pipeline_tests.github.test_read_failures import ENDPOINTS, STATUSES, assert_it_costs_itself_alone


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch):
    monkeypatch.setattr(interruption, "sleep", lambda _seconds: None)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_endpoint_that_fails_for_good_costs_itself_alone(serve, tmp_path, endpoint, record_property):
    wasted = {}
    for status in STATUSES:
        (tmp_path / str(status)).mkdir()
        wasted[status] = assert_it_costs_itself_alone(serve, tmp_path / str(status), endpoint, status)
    told = ", ".join(f"{status}: {first} + {again}" for status, (first, again) in wasted.items())
    record_property(f"requests wasted on {endpoint}", told)
