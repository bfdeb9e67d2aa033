"""People go on editing after a sync was killed: nothing of theirs is lost, and no conflict is made up.

The sample of `make test` kills at writing requests; ``every_request`` at all of them.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from roadmap_pipeline import interruption
from roadmap_pipeline_tests.sync.conftest import NewServices, Start
from roadmap_pipeline_tests.sync.edits import DATE, STATUS, TITLE, Edit, keeps_edits

SAMPLE = [
    (Edit("notion", DATE, "2027-01-31"), Edit("github", TITLE, "Cards")),
    (Edit("github", DATE, "2027-01-31"), Edit("notion", DATE, "2027-02-28")),
    (Edit("notion", STATUS, "Blocked"), Edit("github", STATUS, "In Progress")),
]


@pytest.fixture(scope="module", autouse=True)
def no_waiting() -> Iterator[None]:
    """Skip the waits between attempts: they are tested elsewhere, and only cost time here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interruption, "sleep", lambda _seconds: None)
        yield


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), SAMPLE)
def test_an_edit_after_a_kill_is_kept(
    first: Edit, second: Edit, new_services: NewServices, start: Start, tmp_path: Path
) -> None:
    for at, after in product(range(2), (False, True)):
        with new_services(tmp_path / f"{at} {after}", start.folder) as services:
            keeps_edits(services, first, second, at, after=after, reads=False)
