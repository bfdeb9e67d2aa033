"""The state machine of the two-way sync at length: ``make soak``, and some minutes of it in ``make test-scale``.

Not part of ``make test``. Examples follow from seeds, which are printed: ``ROADMAP_SOAK_SEED`` runs one again, or
several with commas between.
"""

import os
import random
import sys
import time

import pytest
from hypothesis.internal.conjecture import engine

from roadmap_pipeline_tests.sync.conftest import NewServices, Start
from roadmap_pipeline_tests.sync.test_state_machine import no_waiting_and_small_pages, run_machine

__all__ = ["no_waiting_and_small_pages"]

EXAMPLES, STEPS = 20, 40
LONGEST_SHRINKING_S = 600


def test_no_edit_is_lost_at_length(
    new_services: NewServices,
    start: Start,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Run as many examples as there is time for (``ROADMAP_SOAK_MINUTES``); a failing one is shrunk and printed."""
    monkeypatch.setattr(engine, "MAX_SHRINKING_SECONDS", LONGEST_SHRINKING_S)
    end = time.monotonic() + 60 * float(os.environ.get("ROADMAP_SOAK_MINUTES", "30"))
    chosen = [int(number) for number in os.environ.get("ROADMAP_SOAK_SEED", "").split(",") if number]
    for number in chosen or iter(lambda: random.randrange(1_000_000), None):
        with capfd.disabled():
            sys.stdout.write(f"ROADMAP_SOAK_SEED={number}\n")
            sys.stdout.flush()
        try:
            run_machine(
                new_services,
                start,
                tmp_path_factory,
                seed_number=number,
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                print_blob=False,
            )
        except BaseException as error:
            error.add_note(f"ROADMAP_SOAK_SEED={number}")
            raise
        if not chosen and time.monotonic() > end:
            return
