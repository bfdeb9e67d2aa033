"""Each change is told once to each address: over HTTP, with refusals, kills, quiet hours and digests."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from roadmap_pipeline import pipeline
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.github.ingest.renaming import rename_repositories
from roadmap_pipeline.notifications import send_alert
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.warehouse.connection import connect
from roadmap_pipeline_tests.notifications.conftest import PASSWORD, SECRET, Receiver, World, risk

NIGHT = {"ROADMAP_NOW": "2026-11-16T23:30:00Z"}
QUIET = '[notifications]\nquiet_hours = "22:00-07:00"\n'


def test_opened_worse_and_cleared_are_told_once(world: World, receiver: Receiver) -> None:
    world.set(risk("at_risk", cause="The target date is met in 70 % of the simulated courses."))
    assert world.run() == ["sent"]
    assert receiver.take() == [
        (
            "At risk · Stage 7.3 (acme/payments)",
            "The target date is met in 70 % of the simulated courses. (medium severity, since 2026-11-10)\n"
            "What clears it: Taking the label off.\nWhom to ask: ada\n"
            "https://github.com/acme/payments/issues/7\nhttps://github.com/acme/payments/milestone/1",
        )
    ]
    assert world.run() == []
    world.set(risk("off_track"))
    assert world.run() == ["sent"] and world.run() == []
    assert receiver.titles() == ["Worse: Off track · Stage 7.3 (acme/payments)"]
    world.set(risk("at_risk"))
    assert world.run() == ["sent"] and world.run() == []
    ((title, text),) = receiver.take()
    assert title == "Cleared: off track · Stage 7.3 (acme/payments)"
    assert text.startswith("No longer off track, still at risk.\n")
    world.set()
    assert world.run() == ["sent"] and world.run() == []
    assert receiver.titles() == ["Cleared: at risk · Stage 7.3 (acme/payments)"]
    world.set(risk("at_risk", since="2026-11-30"))
    assert world.run() == ["sent"]
    assert receiver.titles() == ["At risk · Stage 7.3 (acme/payments)"]


def test_less_of_the_same_is_no_news_and_neither_is_more_of_it_again(world: World, receiver: Receiver) -> None:
    for severity, told in (("medium", 1), ("high", 1), ("medium", 0), ("high", 0)):
        world.set(risk("stalled", severity=severity))
        world.run()
        assert len(receiver.take()) == told, severity


def test_the_first_message_to_an_address_is_one_about_all(world: World, receiver: Receiver) -> None:
    world.set(risk("overdue"), risk("stalled"), risk("red_main", repo="acme/web", milestone="Polish"))
    assert world.run() == ["sent"]
    ((title, text),) = receiver.take()
    assert title == "Roadmap: 3 new · 3 risks open"
    assert [line.split(",")[0] for line in text.splitlines()] == [
        "New:", "- Overdue · Stage 7.3 (acme/payments)", "- Stalled · Stage 7.3 (acme/payments)",
        "- Red main · Polish (acme/web)",
    ]  # fmt: skip
    # A second address is told of all in one message of its own, the first of nothing.
    both = {"ROADMAP_NOTIFY_URLS": f"{receiver.url()}, {receiver.url('other')}"}
    assert world.run(**both) == ["sent"]
    assert [path for path, _, _ in receiver.received] == ["other"]


def test_a_lost_warehouse_announces_in_one_message(world: World, receiver: Receiver, new_warehouse: Path) -> None:
    risks = [risk(name) for name in ("overdue", "stalled", "blocked", "slipping")]
    world.set(*risks)
    world.run()
    Path(world.warehouse).write_bytes(new_warehouse.read_bytes())
    assert world.run() == []  # nothing was built yet: nothing is known, nothing is over
    world.set(*risks)
    assert world.run() == ["sent"]
    assert receiver.titles() == ["Roadmap: 4 new · 4 risks open"] * 2


def test_up_to_three_changes_have_messages_of_their_own(world: World, receiver: Receiver) -> None:
    world.set(risk("stalled"))
    world.run()
    receiver.take()
    world.set(risk("overdue"), risk("blocked"))
    assert world.run() == ["sent"] * 3
    assert [title.partition(" ·")[0] for title in receiver.titles()] == ["Overdue", "Blocked", "Cleared: stalled"]
    world.set(*(risk(name, number=2, milestone="Checkout") for name in ("overdue", "stalled", "slipping", "blocked")))
    assert world.run() == ["sent"]
    assert receiver.titles() == ["Roadmap: 4 new, 2 cleared · 4 risks open"]


def test_a_red_branch_is_told_of_once_for_all_milestones(world: World, receiver: Receiver) -> None:
    world.set(*(risk("red_main", number=number, milestone=f"Stage {number}") for number in range(1, 8)))
    assert world.run() == ["sent"]
    (title,) = receiver.titles()
    assert title.startswith("Red main · Stage 1 (acme/payments), Stage 2") and title.endswith("and 2 more")
    world.set(*(risk("red_main", number=number, milestone=f"Stage {number}") for number in range(1, 5)))
    assert world.run() == []


def test_what_nobody_wants_to_hear_is_not_told(world: World, receiver: Receiver) -> None:
    wanted = '[notifications]\non = ["blocked"]\n'
    world.set(risk("stalled"), risk("blocked"), risk("at_risk", is_covered=True), risk("overdue", is_open=False))
    assert world.run(wanted) == ["sent"]
    assert receiver.titles() == ["Blocked · Stage 7.3 (acme/payments)"]
    world.set(risk("stalled", number=2), risk("blocked", number=2, severity="low"))
    assert world.run(wanted) == ["sent"]
    assert receiver.titles() == ["Cleared: blocked · Stage 7.3 (acme/payments)"]


def test_what_changes_in_quiet_hours_is_told_in_one_message_afterwards(world: World, receiver: Receiver) -> None:
    world.set(risk("stalled"))
    world.run(QUIET)
    receiver.take()
    world.set(risk("stalled"), risk("blocked"))
    assert world.run(QUIET, **NIGHT) == ["held"] and world.run(QUIET, **NIGHT) == ["held"]
    world.set(risk("stalled"), risk("blocked"), risk("overdue"), risk("slipping", number=2))
    assert world.run(QUIET, **NIGHT) == ["held"]
    world.set(risk("stalled"), risk("blocked"), risk("overdue"))  # came and went: nobody was told
    assert receiver.take() == []
    assert world.run(QUIET, ROADMAP_NOW="2026-11-17T07:00:00Z") == ["sent"]
    assert receiver.titles() == ["Roadmap: 2 new · 3 risks open"]
    assert world.run(QUIET) == []
    assert world.rows("select count(*) from sync.notifications where state = 'held'") == [(0,)]


def test_a_daily_digest_is_one_message_a_day(world: World, receiver: Receiver) -> None:
    daily = '[notifications]\ndigest = "daily"\ntimezone = "Asia/Tokyo"\n'
    world.set(risk("stalled"), risk("overdue"))
    assert world.run(daily) == ["sent"]  # 21:00 in Tokyo
    world.set(risk("overdue"), risk("slipping"), risk("blocked"))
    assert world.run(daily, ROADMAP_NOW="2026-11-16T14:30:00Z") == []
    assert world.run(daily, ROADMAP_NOW="2026-11-16T15:30:00Z") == ["sent"]  # the next day there
    assert receiver.titles() == ["Roadmap: 2 new · 2 risks open", "Roadmap: 2 new, 1 cleared · 3 risks open"]
    assert world.run(daily, ROADMAP_NOW="2026-11-18T15:30:00Z") == []  # nothing changed


def test_an_address_that_refuses_holds_up_no_other_and_is_tried_again(world: World, receiver: Receiver) -> None:
    receiver.refused.add("broken")
    urls = f"{receiver.url('broken')} {receiver.url()}"
    world.set(risk("blocked"))
    with Runtime(world.settings(ROADMAP_NOTIFY_URLS=urls)) as runtime:
        assert [one.state for one in pipeline.notify(runtime)] == ["failed", "sent"]
        (note,) = runtime.run_summary.notes
        assert note.startswith(
            f"json://127.0.0.1:{receiver.port} was not told of 'Blocked · Stage 7.3 (acme/payments)':"
        )
        assert "500" in note and note.endswith("; the next run tries again")
        assert [one["state"] for one in runtime.run_summary.summary()["notifications"]] == ["failed", "sent"]
    told = CliRunner().invoke(main, ["doctor"], env=world.environment | {"ROADMAP_NOTIFY_URLS": urls})
    assert "was not told of 'Blocked · Stage 7.3 (acme/payments)'" in told.output
    receiver.refused.clear()
    receiver.take()
    assert world.run(ROADMAP_NOTIFY_URLS=urls) == ["sent"]
    assert [path for path, _, _ in receiver.received] == ["broken"]
    assert world.run(ROADMAP_NOTIFY_URLS=urls) == []


def test_nobody_listening_is_noted_too(world: World) -> None:
    world.set(risk("blocked"))
    with world.notifier(ROADMAP_NOTIFY_URLS=f"json://ada:{PASSWORD}@127.0.0.1:9/{SECRET}") as notifier:
        (delivery,) = notifier.notify()
    assert delivery.state == "failed" and delivery.error
    assert SECRET not in repr(delivery) and PASSWORD not in repr(delivery)


_KILLED = """
import sys
from roadmap_pipeline.notifications import Notifier
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.session import WarehouseSession
settings = load_settings()
Notifier(settings, WarehouseSession(settings.warehouse)).notify()
"""


def test_killed_between_sending_and_noting_nothing_is_told_twice(world: World, receiver: Receiver) -> None:
    world.set(risk("blocked"))
    environment = {**os.environ, **world.environment}
    process = subprocess.Popen([sys.executable, "-c", _KILLED], env=environment, cwd=world.root)
    # The message arrived, the answer never does.
    receiver.before_answer = process.kill
    assert process.wait(60) == -signal.SIGKILL
    receiver.before_answer = None
    assert receiver.titles() == ["Blocked · Stage 7.3 (acme/payments)"]
    assert world.run() == []
    assert receiver.take() == []
    assert world.rows("select state from sync.notifications") == [("interrupted",)]
    told = CliRunner().invoke(main, ["doctor"], env=world.environment)
    assert "it may not have arrived, and is not sent again" in told.output
    world.set()
    assert world.run() == ["sent"]
    assert receiver.titles() == ["Cleared: blocked · Stage 7.3 (acme/payments)"]


def test_an_alert_goes_the_same_way_once_a_key(world: World, receiver: Receiver) -> None:
    for _ in range(2):
        send_alert(world.settings(), "Run failed", "Step x: y", key="run-1")
    send_alert(world.settings(), "Run failed", "Step x: z", key="run-2")
    assert receiver.take() == [("Run failed", "Step x: y"), ("Run failed", "Step x: z")]


def test_an_alert_needs_no_warehouse(world: World, receiver: Receiver, tmp_path: Path) -> None:
    missing = tmp_path / "none" / "roadmap.duckdb"
    foreign = tmp_path / "foreign.duckdb"
    foreign.write_text("no database")
    for path in (missing, foreign):
        settings = world.settings(ROADMAP_WAREHOUSE=str(path))
        assert [one.state for one in send_alert(settings, "Run failed", "Step x: y", key="run-1")] == ["sent"]
    assert receiver.titles() == ["Run failed", "Run failed"]
    assert not missing.parent.exists()


@pytest.mark.parametrize(
    "title",
    [
        "@channel <!here> <https://evil.example|click>",
        "*b* _i_ ~s~ `c` [x](https://evil.example) www.evil.example",
        "a\nb\r\nc\u2028d",
        "\u202egnp.exe",
        "<script>alert(1)</script>",
        "x" * 5000,
    ],
)
def test_titles_of_strangers_are_text(title: str, world: World, receiver: Receiver) -> None:
    world.set(risk("blocked", milestone=title, cause=f"1 open item: {title}"))
    world.run()
    ((shown, text),) = receiver.take()
    assert "\n" not in shown and len(shown) < 130 and len(text) < 900
    assert len(text.splitlines()) == 5
    for bad in ("@channel", "<", ">", "`", "*", "~", "[", "|", "https://evil", "www.evil", "\u202e", "\u2028"):
        assert bad not in shown + text, bad


def test_what_the_command_prints(world: World, receiver: Receiver) -> None:
    world.set(risk("blocked"), risk("overdue"))

    def told(*words: str, **environment: str) -> str:
        result = CliRunner().invoke(main, ["notify", *words], env=world.environment | environment)
        assert result.exit_code == 0, result.output
        assert SECRET not in result.output and PASSWORD not in result.output
        return result.output

    assert f"would be sent to json://127.0.0.1:{receiver.port}: Roadmap: 2 new · 2 risks open" in told("--dry-run")
    assert receiver.take() == [] and world.rows("from sync.notifications") == []
    unset = {"ROADMAP_NOTIFY_URLS": ""}
    assert "would be sent to nobody" in told("--dry-run", **unset) and "docs/risks.md" in told("--dry-run", **unset)
    told("--test")
    assert receiver.titles() == ["Roadmap: a test"]
    sent = json.loads(told("--json"))
    assert (sent["state"], sent["kind"], sent["error"]) == ("sent", "digest", None)
    assert "Nothing to tell" in told()
    result = CliRunner().invoke(main, ["notify", "--test"], env=world.environment | unset)
    assert result.exit_code == 2 and "ROADMAP_NOTIFY_URLS is not set" in result.output
    receiver.refused.add(SECRET)
    result = CliRunner().invoke(main, ["notify", "--test"], env=world.environment)
    assert result.exit_code == 1 and "failed to json://127.0.0.1" in result.output


def test_secrets_are_nowhere(world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.refused.add(SECRET)
    world.set(risk("blocked"))
    with caplog.at_level("DEBUG", logger="apprise"):
        settings = world.settings()
        with Runtime(settings) as runtime:
            pipeline.notify(runtime)
            summary = repr(runtime.run_summary) + json.dumps(runtime.run_summary.summary())
    assert world.run(ROADMAP_NOTIFY_URLS=f"json://127.0.0.1:9/{SECRET}?token={PASSWORD}") == ["failed"]
    Path(world.warehouse).with_suffix(".txt").write_text(repr(world.rows("from sync.notifications")))
    stored = Path(world.warehouse).read_bytes() + repr(world.rows("from sync.notifications")).encode()
    for secret in (SECRET, PASSWORD):
        assert secret not in summary + repr(settings) + caplog.text
        assert secret.encode() not in stored


def test_a_repository_that_is_renamed_is_no_news(world: World, receiver: Receiver) -> None:
    world.set(risk("red_main"), risk("blocked"))
    assert world.run() == ["sent"]
    with connect(world.warehouse) as con:
        con.register("moves", pa.table({"old": ["acme/payments"], "new": ["acme/billing"]}))
        rename_repositories(con)
        con.unregister("moves")
    world.set(risk("red_main", repo="acme/billing"))
    assert world.run() == ["sent"]
    assert receiver.titles()[1:] == ["Cleared: blocked · Stage 7.3 (acme/payments)"]
