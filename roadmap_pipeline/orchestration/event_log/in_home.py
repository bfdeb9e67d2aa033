"""Dagster's event log in the usual folder of the instance, whichever that is.

Belongs here: the place. ``dagster.yaml`` can name a class, but no folder beneath DAGSTER_HOME: what is written there
would have to be absolute, and wrong in every other home.
"""

from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage


class EventLogInHome(SqliteEventLogStorage):
    """The event log in ``history/runs`` of the instance that it belongs to, unless a folder is given."""

    def __init__(self, base_dir: str | None = None, inst_data: Any = None) -> None:
        self._inst_data = inst_data
        if base_dir is not None:
            super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> Any:
        """Return the options that ``dagster.yaml`` may give: the folder, which it need not."""
        return {"base_dir": dg.Field(dg.StringSource, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "EventLogInHome":
        """Return the storage as ``dagster.yaml`` describes it."""
        return cls(inst_data=inst_data, **config_value)

    def register_instance(self, instance: dg.DagsterInstance) -> None:
        """Take the folder from the instance, as soon as it is known."""
        if not hasattr(self, "_base_dir"):
            # Dagster makes the folder and the common file in it.
            super().__init__(str(Path(instance.root_directory) / "history" / "runs"), self._inst_data)
        super().register_instance(instance)
