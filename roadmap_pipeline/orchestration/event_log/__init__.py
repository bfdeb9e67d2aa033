"""The event log of the instance: Dagster's own, with its files kept open where that can be done.

Belongs here: which storage is used. ``dagster.yaml`` names :class:`EventLog`, so that runs that the UI launches use it,
and :func:`open_instance` uses it for runs of the command line. Keeping files open rests on private modules of Dagster;
should those have changed, Dagster's own way of opening them is used, which is slower and as good.
"""

import warnings

import dagster as dg

from roadmap_pipeline.orchestration.event_log.in_home import EventLogInHome

EventLog: type[EventLogInHome]
"""The class that ``dagster.yaml`` names."""

try:
    from roadmap_pipeline.orchestration.event_log.kept_open import KeptOpenEventLog

    EventLog = KeptOpenEventLog
except (ImportError, AttributeError) as error:
    warnings.warn(
        f"This release of Dagster ({dg.__version__}) keeps its event log otherwise than expected ({error}): runs take"
        " longer; nothing else is lost.",
        RuntimeWarning,
        stacklevel=2,
    )
    EventLog = EventLogInHome

__all__ = ["EventLog", "open_instance"]


def open_instance(home: str) -> dg.DagsterInstance:
    """Return the instance in ``home``; its event log is :class:`EventLog` unless somebody chose another storage."""
    if EventLog is EventLogInHome:
        return dg.DagsterInstance.from_config(home)
    from dagster._core.instance.ref import InstanceRef

    ref = InstanceRef.from_dir(home)
    if ref.storage_data == InstanceRef.config_defaults(home)["storage"]:
        storage = {"module": __name__, "class": "EventLog", "config": {}}
        ref = InstanceRef.from_dir(home, overrides={"event_log_storage": storage})
    return dg.DagsterInstance.from_ref(ref)
