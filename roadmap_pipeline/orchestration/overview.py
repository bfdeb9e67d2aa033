"""The page of what triggers what (docs/automation.md), generated from the definitions, so that it can't be out of date.

Belongs here: the page's text. What the schedules and sensors do is said where they are defined.
"""

from collections.abc import Iterator

import dagster as dg

_INTRODUCTION = """\
# What triggers what

Printed by `roadmap docs --automation`; a test holds this page to it.

Nothing runs by itself until it is switched on: in the Dagster UI under *Automation*, or for good in `roadmap.toml`:

```toml
[automation]
running = "all"                      # or names: ["hourly_ingest_schedule", "on_merge"]
weekly_workflows = { "acme/payments" = ".github/workflows/weekly.yml" }
```

`all` is everything below but `automation`, which builds by the assets' own conditions and stands for the hourly
schedule. `dead_runs` always runs. Dagster's daemon evaluates them: `make ui` and `dagster dev` start one, on a server
it is a service of its own ([deployment.md](deployment.md)). What the UI was last told stands above `running`.
"""

_LOOK_BACK = """\
## What is late, missed or double

- **Late data.** Every run reads what is new since the last one, and again what can still change: a re-run restates its
  week, a merge its milestone. No schedule has to know of it.
- **A week that was missed**, since the daemon was down or its run failed: each Monday the weeks among the four before
  that have no row in Notion are made up for, but none before the first one that was published.
- **Two at once.** Runs take turns at the warehouse, GitHub and Notion (pools `duckdb_writer`, `github_api`,
  `notion_api`). An hour whose predecessor is still under way is left out.
- **A run whose process was killed** is found within a minute, within five where it was only starting, and launched
  again, twice at most; what it did is kept, and nothing is written twice.
- **A sensor's memory.** Each keeps a cursor, and names each run for what asked for it (`merge:…`, `completed:…`,
  `notion:…`): a cursor that gets lost asks for nothing twice, switching a sensor on asks for nothing about the past.
- **Webhooks** ([webhooks.md](webhooks.md)) make looks sooner, not other ones: a repository that a signed delivery told
  of is looked at within five seconds, ahead of its turn. What is found has the same name (run key), so that a delivery
  and a look by the clock never ask for two runs, and a delivery that is lost costs time only.
- **What a look costs.** One page a repository, free where GitHub says that nothing changed; at most thirty repositories
  a tick, which take turns. One request a tick to Notion, more only after many rows were edited.
- **Notion's minutes.** Notion floors the times of edits to the minute. A minute that has just begun is seen to at once,
  and once more when it is over, so that a second edit within it isn't missed.
"""


def automation_page(definitions: dg.Definitions) -> str:
    """Return the page as Markdown."""
    parts = [
        _INTRODUCTION,
        "## By the clock\n\n" + _table(("Schedule", "When (UTC)", "Job", "Does"), _schedules(definitions)),
        "## By what happens\n\n" + _table(("Sensor", "Looks every", "Job", "Does"), _sensors(definitions)),
        "## What the jobs do\n\n" + _table(("Job", "Does"), _jobs(definitions)),
        _LOOK_BACK,
    ]
    return "\n".join(parts)


def _schedules(definitions: dg.Definitions) -> Iterator[tuple[str, ...]]:
    for name in sorted(one.name for one in definitions.schedules or ()):
        schedule = definitions.resolve_schedule_def(name)
        yield f"`{name}`", f"`{schedule.cron_schedule}`", f"`{schedule.job_name}`", schedule.description or ""


def _sensors(definitions: dg.Definitions) -> Iterator[tuple[str, ...]]:
    for sensor in sorted(definitions.sensors or (), key=lambda sensor: sensor.name):
        assert isinstance(sensor, dg.SensorDefinition)
        jobs = ", ".join(f"`{one.job_name}`" for one in sensor.targets)
        jobs = jobs or ("the assets that are due" if sensor.asset_selection else "–")
        yield f"`{sensor.name}`", f"{sensor.minimum_interval_seconds or 30} s", jobs, sensor.description or ""


def _jobs(definitions: dg.Definitions) -> Iterator[tuple[str, ...]]:
    for name in sorted(job.name for job in definitions.jobs or ()):
        yield f"`{name}`", definitions.resolve_job_def(name).description or ""


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
