"""The servers of a lake, for the suites that need them (`make test-lake`); all other tests start none."""

from collections.abc import Iterator

import pytest

from roadmap_pipeline_tests.warehouse.lake.servers import LakeServers, lake_servers


@pytest.fixture(scope="session")
def servers() -> Iterator[LakeServers]:
    """Yield both servers, with what is needed to reach them in the environment."""
    with lake_servers() as made, pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        yield made
