"""The file of deliveries: each is acted on once, also across threads, restarts and failures."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadmap_pipeline.webhooks.deliveries import Deliveries

SOURCES = st.sampled_from(["github", "notion"])
IDS = st.sampled_from("abcdef")
BODIES = st.sampled_from([b"1", b"2", b"3", b"4"])


@given(st.lists(st.tuples(SOURCES, IDS, BODIES), max_size=12), st.integers(0, 12))
@settings(max_examples=25)
def test_each_is_acted_on_once_however_often_it_comes(came: list[tuple[str, str, bytes]], restart: int) -> None:
    with TemporaryDirectory() as folder:
        deliveries, acted = Deliveries(Path(folder) / "file"), []
        ids, bodies, expected = set(), set(), []
        for number, (source, id_, body) in enumerate(came):
            if number == restart:
                deliveries = Deliveries(Path(folder) / "file")
            is_new = (source, id_) not in ids and (source, body) not in bodies
            assert deliveries.accept(source, id_, body, lambda one=number: acted.append(one)) == is_new  # type: ignore[misc]
            if is_new:
                ids.add((source, id_))
                bodies.add((source, body))
                expected.append(number)
        assert acted == expected
        assert deliveries.count() == len(expected)


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path / "file", kept=3)
    for number in range(10):
        assert deliveries.accept("github", str(number), b"%d" % number, lambda: None)
        assert deliveries.count() == min(number + 1, 3)
    assert not deliveries.accept("github", "7", b"7", lambda: None)
    assert deliveries.accept("github", "6", b"6", lambda: None)


def test_one_that_could_not_be_acted_on_is_as_new_when_it_comes_again(tmp_path: Path) -> None:
    deliveries = Deliveries(tmp_path / "file")

    def fail() -> None:
        raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        deliveries.accept("github", "a", b"1", fail)
    assert deliveries.accept("github", "a", b"1", lambda: None)


def test_of_twenty_at_once_one_is_acted_on(tmp_path: Path) -> None:
    deliveries, acted = Deliveries(tmp_path / "file"), []
    with ThreadPoolExecutor(20) as threads:
        accepted = list(
            threads.map(lambda _: deliveries.accept("github", "a", b"1", lambda: acted.append(1)), range(20))
        )
    assert (sum(accepted), acted) == (1, [1])
