"""The fixed facts of the built-in sandbox that its parts agree on.

Belongs here: constants that are needed without the simulators being loaded.
"""

from datetime import UTC, datetime
from typing import Final

CLOCK: Final = datetime(2026, 11, 16, 6, tzinfo=UTC)
"""The sandbox's time: it stands still, so that every run on every machine gives the same numbers."""

REPOSITORIES: Final = ("acme/payments", "acme/storefront", "acme/platform")
"""The repositories of the simulated organisation."""

PARENT_PAGE_ID: Final = "5a11d0c5-0000-4000-8000-00000000ac3e"
"""The page of the simulated Notion under which databases are made."""
