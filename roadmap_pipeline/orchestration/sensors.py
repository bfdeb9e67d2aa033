"""The sensors: thin; what they decide is in ``events`` and ``notion_edits``.

Belongs here: asking GitHub or Notion within the minute that a tick has, and requesting runs. What fails leaves the
cursor as it was, so that the next tick looks again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from roadmap_pipeline.configuration import Automation
from roadmap_pipeline.errors import RoadmapError
from roadmap_pipeline.orchestration.assets.sources import OWNERS
from roadmap_pipeline.orchestration.events import REPOSITORIES_A_TICK, Cursor, Event, completions_of, merges_of
from roadmap_pipeline.orchestration.jobs import RETRIES, roadmap_on_merge, roadmap_two_way, weekly_report
from roadmap_pipeline.orchestration.notion_edits import Cursor as EditCursor
from roadmap_pipeline.orchestration.notion_edits import Edit, new_edits
from roadmap_pipeline.orchestration.own_runs import free_dead_runs
from roadmap_pipeline.orchestration.partitions import last_complete_week
from roadmap_pipeline.orchestration.seen_events import SeenEvents
from roadmap_pipeline.orchestration.webhook_notes import Pace, is_settled, open_notes, read_notes
from roadmap_pipeline.pipeline.repository_discovery import discover
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import Settings, dagster_home
from roadmap_pipeline.webhooks.changes import ChangeKind

if TYPE_CHECKING:
    from roadmap_pipeline.github.client.client import GitHubClient
    from roadmap_pipeline.github.client.response import Response
    from roadmap_pipeline.notion.client import NotionClient

TICK_SECONDS = 20.0
"""The time after which a tick asks no further repository; Dagster ends one that takes a minute."""

ROWS_AT_FIRST = 50
"""Rows that the first look at Notion lists, which only finds where to begin."""

MOST_REASONS = 5
"""Failed steps of a run whose reasons a message names."""

Tick = dg.SensorResult | dg.SkipReason

NOT_YET = "No webhook came since the last look, and it is too early for the next one without."

NO_SANDBOX = "The sandbox is not up (`roadmap ui` serves it), and no credentials are set."


def sensors(load: Callable[[], Settings], automation: Automation) -> list[dg.SensorDefinition]:
    """Return all sensors; those that are named run from the start, the others once somebody switches them on."""
    names = frozenset(automation.names)
    often, now_and_then = Pace(30, automation.webhooks), Pace(60, automation.webhooks)

    def status(name: str) -> dg.DefaultSensorStatus:
        return dg.DefaultSensorStatus.RUNNING if name in names else dg.DefaultSensorStatus.STOPPED

    return [
        on_merge_sensor(load, often, status("on_merge")),
        on_weekly_ci_sensor(load, now_and_then, status("on_weekly_ci")),
        on_notion_edit_sensor(load, now_and_then, status("on_notion_edit")),
        dg.AutomationConditionSensorDefinition(
            "automation",
            target=dg.AssetSelection.groups("staging", "intermediate", "marts", "publish", "derived"),
            default_status=status("automation"),
            description="Builds what follows from new data by the assets' own conditions, instead of the schedules.",
        ),
        on_run_failure_sensor(load, status("on_run_failure")),
        dead_runs,
    ]


@dg.sensor(
    name="dead_runs",
    minimum_interval_seconds=30,
    owners=OWNERS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Lets runs whose process was killed be FAILED, so that others don't wait for them; those that a"
    " schedule or sensor asked for are launched again. Runs from the start.",
)
def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Free what dead runs hold."""
    alive = free_dead_runs(dagster_home(), context.instance)
    return dg.SkipReason(f"Under way: {', '.join(alive.values())}." if alive else "No run is under way.")


def on_merge_sensor(load: Callable[[], Settings], pace: Pace, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Return the sensor that updates the roadmap when pull requests were merged."""

    @dg.sensor(
        name="on_merge",
        job=roadmap_on_merge,
        minimum_interval_seconds=pace.tick_seconds,
        owners=OWNERS,
        default_status=status,
        description="Asks for one update of roadmap and comments for the pull requests merged since the last look.",
    )
    def on_merge(context: dg.SensorEvaluationContext) -> Tick:
        def look(runtime: Runtime) -> Tick:
            query = {"state": "closed", "sort": "updated", "direction": "desc", "per_page": 50}

            def merges(repo: str, etag: str | None) -> "tuple[Response, list[Event]]":
                page = runtime.github.get(f"/repos/{repo}/pulls", query, etag)
                return page, [] if page.unchanged else merges_of(repo, page.data)

            turn = _turn(context, pace, "pull_request_closed", runtime.settings.repositories)
            if turn is None:
                return dg.SkipReason(NOT_YET)
            merged, cursor = _new_events(turn, runtime.github, merges)
            if not merged:
                return _nothing_new("No pull request was merged since the last look.", cursor)
            newest = merged[-1]
            # One run for all of them: it reads everything that is new anyway.
            tags = {**RETRIES, "merges": str(len(merged)), "newest_merge": newest.name}
            return dg.SensorResult([dg.RunRequest(run_key=newest.run_key, tags=tags)], cursor=str(cursor))

        return _looking(load, "github", look)

    return on_merge


def on_weekly_ci_sensor(
    load: Callable[[], Settings], pace: Pace, status: dg.DefaultSensorStatus
) -> dg.SensorDefinition:
    """Return the sensor that makes the weekly report when the weekly CI workflow of a repository has ended."""

    @dg.sensor(
        name="on_weekly_ci",
        job=weekly_report,
        minimum_interval_seconds=pace.tick_seconds,
        owners=OWNERS,
        default_status=status,
        description="Asks for the report of the week that ended last when a workflow of automation.weekly_workflows"
        " has finished.",
    )
    def on_weekly_ci(context: dg.SensorEvaluationContext) -> Tick:
        def look(runtime: Runtime) -> Tick:
            workflows = runtime.settings.configuration.automation.weekly_workflows
            if not workflows:
                return dg.SkipReason("No workflow is named in roadmap.toml: automation.weekly_workflows")

            def completions(repo: str, etag: str | None) -> "tuple[Response, list[Event]]":
                file = workflows[repo].rpartition("/")[2]
                path = f"/repos/{repo}/actions/workflows/{file}/runs"
                page = runtime.github.get(path, {"status": "completed", "per_page": 20}, etag)
                return page, completions_of(repo, page.items("workflow_runs") or ())

            turn = _turn(context, pace, "workflow_run_completed", list(workflows))
            if turn is None:
                return dg.SkipReason(NOT_YET)
            ended, cursor = _new_events(turn, runtime.github, completions)
            if not ended:
                return _nothing_new("No weekly workflow has ended since the last look.", cursor)
            newest = ended[-1]
            week = last_complete_week(runtime.settings.now().date())
            tags = {**RETRIES, "weekly_workflow": newest.name}
            request = dg.RunRequest(newest.run_key, partition_key=week, tags=tags)
            return dg.SensorResult([request], cursor=str(cursor))

        return _looking(load, "github", look)

    return on_weekly_ci


def on_notion_edit_sensor(
    load: Callable[[], Settings], pace: Pace, status: dg.DefaultSensorStatus
) -> dg.SensorDefinition:
    """Return the sensor that brings what people edit in Notion to GitHub."""

    @dg.sensor(
        name="on_notion_edit",
        job=roadmap_two_way,
        minimum_interval_seconds=pace.tick_seconds,
        owners=OWNERS,
        default_status=status,
        description="Asks for a sync of both sides when a person has edited a row of the roadmap in Notion.",
    )
    def on_notion_edit(context: dg.SensorEvaluationContext) -> Tick:
        def look(runtime: Runtime) -> Tick:
            cursor, now = EditCursor.parse(context.cursor), time.time()
            note = read_notes(context.instance, "notion_edited").get("")
            is_open = note is not None and note != cursor.noted
            if not (is_open or pace.is_due(cursor.polled_at, now)):
                return dg.SkipReason(NOT_YET)
            cursor = _with_ids(runtime, cursor if is_open else replace(cursor, polled_at=now))
            if cursor.data_source is None:
                return dg.SkipReason("There is no Engineering Roadmap yet; the first sync makes it.")
            edits = _edits_since(runtime.notion, cursor.data_source, cursor.minute)
            if edits is None:
                lost = replace(cursor, data_source=None)
                return _nothing_new("The roadmap is elsewhere now; the next look finds it.", lost)
            if is_open and note is not None and is_settled(note, now):
                cursor = replace(cursor, noted=note)
            decision = new_edits(edits, cursor, runtime.settings.now())
            if decision.run_key is None:
                return _nothing_new("Nobody has edited the roadmap since the last look.", decision.cursor)
            request = dg.RunRequest(decision.run_key, tags={**RETRIES, "edited_rows": str(decision.edits)})
            return dg.SensorResult([request], cursor=str(decision.cursor))

        return _looking(load, "notion", look)

    return on_notion_edit


def on_run_failure_sensor(load: Callable[[], Settings], status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Return the sensor that tells people of runs that failed."""

    @dg.run_failure_sensor(
        name="on_run_failure",
        minimum_interval_seconds=30,
        default_status=status,
        description="Sends a message to the addresses of ROADMAP_NOTIFY_URLS when a run has failed, once for each run.",
    )
    def on_run_failure(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        from roadmap_pipeline.notifications import send_alert

        settings = load()
        if not settings.notify_urls:
            return dg.SkipReason("ROADMAP_NOTIFY_URLS names no address.")
        run = context.dagster_run
        failed = [one for one in context.get_step_failure_events() if one.event_specific_data is not None]
        reasons = [f"{one.step_key}: {_reason(one)}" for one in failed] or [
            context.failure_event.message or "no reason"
        ]
        body = "\n".join([*reasons[:MOST_REASONS], f"Run {run.run_id} of the Dagster instance."])
        send_alert(settings, f"{run.job_name} failed", body, key=f"run:{run.run_id}")
        return None

    return on_run_failure


def _reason(event: dg.DagsterEvent) -> str:
    """Return why a step failed: the first line of the error that began it."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return "no reason"
    line = error.message.strip().partition("\n")[0]
    head, _, text = line.partition(": ")
    return text if text and head.rpartition(".")[2] == error.cls_name else line


def _looking(load: Callable[[], Settings], side: str, look: Callable[[Runtime], Tick]) -> Tick:
    """Return what a look at one side brings; why there is none where it can't be had."""
    from roadmap_pipeline.sandbox import attached

    settings = attached(load())
    if settings is None:
        return dg.SkipReason(NO_SANDBOX)
    with Runtime(settings) as runtime:
        if message := runtime.missing(side):
            return dg.SkipReason(message)
        try:
            discover(runtime)
            return look(runtime)
        except _Unread as unread:
            return dg.SensorResult(skip_reason=_not_asked(side, unread.error), cursor=str(unread.cursor))
        except RoadmapError as error:
            return dg.SkipReason(_not_asked(side, error))


class _Unread(Exception):
    """Nothing could be read; the cursor says when that was, so that with webhooks not every tick is another try."""

    def __init__(self, error: RoadmapError, cursor: Cursor) -> None:
        super().__init__(str(error))
        self.error, self.cursor = error, cursor


def _not_asked(side: str, error: RoadmapError) -> str:
    name = {"github": "GitHub", "notion": "Notion"}[side]
    return f"{name} could not be asked, the next tick tries again: {error}"


def _nothing_new(reason: str, cursor: Cursor | EditCursor) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=str(cursor))


@dataclass(frozen=True, slots=True)
class _Turn:
    """The repositories that a tick is to look at.

    Attributes:
        repositories: Those to ask, in this order.
        cursor: That of earlier looks.
        memory: What is known of repositories, for the ticks after this one.
        notes: When a webhook told of a repository, POSIX seconds; of those that weren't seen to.
        started_at: POSIX seconds.
        pace: That of the sensor.
    """

    repositories: Sequence[str]
    cursor: Cursor
    memory: SeenEvents
    notes: Mapping[str, float]
    started_at: float
    pace: Pace


def _turn(
    context: dg.SensorEvaluationContext, pace: Pace, kind: ChangeKind, repositories: Sequence[str]
) -> _Turn | None:
    """Return what to look at: where webhooks told of something, then those whose turn it is. None: nothing yet."""
    now = time.time()
    cursor = Cursor.parse(context.cursor) if context.cursor else Cursor(begun_at=now)
    memory = SeenEvents(context.instance, kind, cursor.begun_at)
    cursor = memory.keep(cursor)  # the runs that the last tick asked for are there
    notes = read_notes(context.instance, kind, repositories)
    cursor = memory.knowing(cursor, notes)
    noted = open_notes(notes, cursor.noted)[:REPOSITORIES_A_TICK]
    in_turn: list[str] = []
    if pace.is_due(cursor.polled_at, now):
        in_turn = [repo for repo in cursor.to_ask(repositories) if repo not in noted]
        cursor = replace(cursor, polled_at=now)
    elif not noted:
        return None
    cursor = memory.knowing(cursor, in_turn)
    return _Turn([*noted, *in_turn], cursor, memory, {repo: notes[repo] for repo in noted}, now, pace)


def _new_events(
    turn: _Turn, github: "GitHubClient", ask: "Callable[[str, str | None], tuple[Response, list[Event]]]"
) -> tuple[list[Event], Cursor]:
    """Return what is new in the repositories whose turn it is, the oldest first, and the cursor to keep.

    One page each, free where nothing changed; what a tick has no time for is the next one's. One that can't be read
    keeps no other from being looked at.

    Raises:
        RoadmapError: None of them can be read.
        _Unread: The same, where ticks are more than looks.
    """
    cursor = turn.cursor
    new: list[Event] = []
    failures: list[RoadmapError] = []
    asked = 0
    ends_at = time.monotonic() + TICK_SECONDS
    for repo in turn.repositories:
        if time.monotonic() > ends_at:
            break
        asked += 1
        asked_last = cursor.asked_last if repo in turn.notes else repo  # who is asked out of turn keeps his turn
        try:
            with github.trying(2):
                page, events = ask(repo, cursor.etag(repo))
        except RoadmapError as error:
            failures.append(error)
            cursor = replace(cursor, asked_last=asked_last)
            if repo in turn.notes and is_settled(turn.notes[repo], turn.started_at):
                cursor = cursor.having_seen_to(repo, turn.notes[repo])  # from here on it is asked in its turn
            continue
        new_here, cursor = cursor.after(repo, None if page.unchanged else events, page.etag)
        cursor = replace(cursor, asked_last=asked_last)
        if repo in turn.notes and (new_here or is_settled(turn.notes[repo], turn.started_at)):
            cursor = cursor.having_seen_to(repo, turn.notes[repo])
        new += new_here
    cursor = turn.memory.keep(cursor, leaving={event.repo for event in new})
    if failures and len(failures) == asked:
        if turn.pace.webhooks:
            raise _Unread(failures[0], cursor)
        raise failures[0]
    return sorted(new), cursor


def _with_ids(runtime: Runtime, cursor: EditCursor) -> EditCursor:
    """Return the cursor with the ids of the roadmap's data source and of our own user, found where it has none."""
    from roadmap_pipeline.notion.layout import ENGINEERING_ROADMAP
    from roadmap_pipeline.notion.schema import find

    settings, notion = runtime.settings, runtime.notion
    if cursor.integration is None:
        cursor = replace(cursor, integration=str(notion.request("GET", "users/me")["id"]))
    if cursor.data_source is None:
        parent = settings.notion_parent_page_id or ""
        database = find(notion, ENGINEERING_ROADMAP, parent, settings.notion_roadmap_db_id)
        cursor = replace(cursor, data_source=None if database is None else database.data_source_id)
    return cursor


def _edits_since(notion: "NotionClient", data_source: str, minute: datetime | None) -> list[Edit] | None:
    """Return the rows that were edited in ``minute`` or later, of None the newest ones; None where nothing is there.

    All of them: what we write to many rows at once must not push a person's edit out of sight.
    """
    from roadmap_pipeline.notion.client import NotFound

    body: dict[str, Any] = {"sorts": [{"timestamp": "last_edited_time", "direction": "descending"}]}
    if minute is not None:
        body["filter"] = {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": minute.isoformat()}}
    most = ROWS_AT_FIRST if minute is None else None
    try:
        pages = notion.paginate("POST", f"data_sources/{data_source}/query", body=body, most=most)
    except NotFound:
        return None
    return [
        Edit(page["id"], page["last_edited_by"]["id"], datetime.fromisoformat(page["last_edited_time"]))
        for page in pages
    ]
