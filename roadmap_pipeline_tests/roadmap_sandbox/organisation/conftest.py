"""The simulated organisation, generated once for all tests that look at it."""

from collections.abc import Iterator

import pytest

from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.organisation import GroundTruth, generate

Organisation = tuple[GitHubContent, GroundTruth]


@pytest.fixture(scope="session")
def organisation() -> Iterator[Organisation]:
    """Return the organisation with its defaults; nobody changes it."""
    yield generate()


@pytest.fixture(scope="session")
def content(organisation: Organisation) -> GitHubContent:
    return organisation[0]


@pytest.fixture(scope="session")
def truth(organisation: Organisation) -> GroundTruth:
    return organisation[1]
