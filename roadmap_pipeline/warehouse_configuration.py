"""What ``roadmap.toml`` says of the warehouse: what is kept for how long, and what memory DuckDB may use.

Belongs here: ``[retention]`` and ``[warehouse]``. What is dropped is in ``warehouse.retention``.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=1)]


class Retention(BaseModel):
    """The days for which payloads of raw tables and excerpts of logs are kept; by default for good.

    Neither changes a published number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep_payload_days: Days | None = None
    keep_excerpt_days: Days | None = None
