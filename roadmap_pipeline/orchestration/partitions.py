"""Partitions: ISO weeks, by their Monday."""

import dagster as dg

# Fixed: a start that moves would make every schedule tick look new. No run of GitHub Actions is older.
ISO_WEEKS = dg.WeeklyPartitionsDefinition(start_date="2018-01-01", day_offset=1, timezone="UTC")


def iso_week(partition_key: str) -> str:
    """The ISO week that starts on the Monday ``partition_key``: ``2026-11-09`` is ``2026-W46``."""
    from datetime import date

    from roadmap_pipeline.reports.format import week_of

    return week_of(date.fromisoformat(partition_key))
