"""Writes whose response got lost: adopted where they are found, repeated where they are not."""

import pytest

from roadmap_pipeline.http.ambiguous_writes import create_once, repeat_until_certain
from roadmap_pipeline.http.errors import AmbiguousWrite


def losing(times, result="made"):
    """Lose so many responses before one comes through; ``calls`` counts."""

    def write():
        write.calls += 1
        if write.calls <= times:
            raise AmbiguousWrite(f"lost {write.calls}")
        return result

    write.calls = 0
    return write


def test_what_was_created_is_not_looked_up():
    assert create_once(losing(0), lambda _: pytest.fail("looked up"), attempts=1) == ("made", False)


def test_what_is_found_is_adopted_and_not_created_again():
    create = losing(1)
    assert create_once(create, lambda error: f"found after {error}", attempts=8) == ("found after lost 1", True)
    assert create.calls == 1


def test_what_is_not_found_is_created_again():
    create = losing(2)
    assert create_once(create, lambda _: None, attempts=3) == ("made", False)
    assert create.calls == 3


def test_attempts_end():
    create = losing(9)
    with pytest.raises(AmbiguousWrite, match="lost 3"):
        create_once(create, lambda _: None, attempts=3)
    assert create.calls == 3


def test_a_repeatable_write_is_repeated_until_its_outcome_is_certain():
    assert repeat_until_certain(losing(3), attempts=4) == "made"
    write = losing(9)
    with pytest.raises(AmbiguousWrite, match="lost 4"):
        repeat_until_certain(write, attempts=4)
    assert write.calls == 4
