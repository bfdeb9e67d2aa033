"""The keys of ``roadmap.toml`` on the warehouse: what is kept for how long, and what memory DuckDB may use.

Belongs here: ``[retention]`` and ``[warehouse]``. What is dropped is in ``warehouse.retention``.
"""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

Days = Annotated[int, Field(ge=1)]


class Retention(BaseModel):
    """The days for which payloads of raw tables and excerpts of logs are kept; by default for good.

    Neither changes a published number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep_payload_days: Days | None = None
    keep_excerpt_days: Days | None = None


DEFAULT_MEMORY_LIMIT = "4GB"
"""The limit where DuckDB would take more: by itself it takes four fifths of the machine's or the container's memory."""
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", re.IGNORECASE)


def in_bytes(amount: str) -> float:
    """Return an amount such as 2GB or 18.8 GiB in bytes.

    Raises:
        ValueError: It is none.
    """
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise ValueError(f"{amount!r} is no amount of memory such as 2GB or 512MB")
    number, unit, is_binary = match.groups()
    factor = 1024.0 if is_binary else 1000.0
    return float(number) * factor ** ("KMGT".index(unit.upper()) + 1)


class Warehouse(BaseModel):
    """The limits of DuckDB while it writes: ``memory_limit`` such as 2GB, and the folder for what exceeds it.

    Without a folder that lies beside the warehouse's file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    memory_limit: str | None = None
    temp_directory: str | None = None

    @field_validator("memory_limit")
    @classmethod
    def _is_an_amount(cls, value: str | None) -> str | None:
        if value is not None:
            in_bytes(value)
        return value
