"""`roadmap webhooks` as it runs: with secrets in files, on the instance of Dagster, and the handshake with Notion."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import dagster as dg
import httpx
import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.orchestration.webhook_notes import read_notes
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.webhooks.server import check_settings
from roadmap_pipeline.webhooks.signatures import signature
from roadmap_pipeline_tests.orchestration.test_ui import free_port
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import CLOCK, REPO
from roadmap_pipeline_tests.webhooks.conftest import SECRET
from roadmap_sandbox.notion.state import NotionState


@contextmanager
def command(folder: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    process = subprocess.Popen(
        [Path(sys.executable).parent / "roadmap", "webhooks", "--port", str(port), *options],
        env={**os.environ, "DAGSTER_HOME": str(folder / "dagster"), **environment},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        url, deadline = f"http://127.0.0.1:{port}", monotonic() + 60
        while True:
            try:
                httpx.get(f"{url}/health")
                break
            except httpx.TransportError:
                assert process.poll() is None, process.stdout and process.stdout.read()
                assert monotonic() < deadline
                sleep(0.1)
        yield process, url
    finally:
        process.kill()
        process.wait()


def test_a_delivery_is_on_the_instance_and_no_secret_in_what_it_prints(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    body = f'{{"action": "closed", "repository": {{"full_name": "{REPO}"}}}}'.encode()
    headers = {"Content-Type": "application/json", "X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "1"}
    environment = {"GITHUB_WEBHOOK_SECRET_FILE": str(tmp_path / "secret"), "GITHUB_REPOSITORY": REPO}
    with command(tmp_path, **environment) as (process, url):
        for expected in (202, 401):
            signed = {**headers, "X-Hub-Signature-256": signature(SECRET if expected == 202 else "x", body)}
            assert httpx.post(f"{url}/github", content=body, headers=signed).status_code == expected
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Receiving webhooks" in printed
    assert SECRET not in printed
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        assert read_notes(instance, "pull_request_closed", [REPO]).keys() == {REPO}


def test_notions_token_is_shown_once_and_the_command_ends(tmp_path: Path) -> None:
    notion = NotionState(CLOCK)
    with command(tmp_path, "--notion-handshake") as (process, url):
        assert httpx.post(f"{url}/notion", json={"verification_token": "short"}).status_code == 400
        token = notion.webhooks.add(f"{url}/notion")
        notion.webhooks.deliver()
        printed, _ = process.communicate(timeout=30)
    assert (process.returncode, notion.webhooks.delivered, printed.count(token)) == (0, [200], 1)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"GITHUB_REPOSITORY": REPO}, "anybody could send deliveries"),
        ({"GITHUB_REPOSITORY": REPO, "GITHUB_WEBHOOK_SECRET": "short"}, "shorter than 16"),
        ({"NOTION_WEBHOOK_SECRET": "short"}, "NOTION_WEBHOOK_SECRET is shorter"),
        ({"GITHUB_WEBHOOK_SECRET": SECRET}, "no repository is named"),
    ],
)
def test_it_does_not_start_where_deliveries_could_not_be_trusted(
    tmp_path: Path, environment: dict[str, str], expected: str
) -> None:
    with pytest.raises(ConfigurationError, match=expected) as caught:
        check_settings(load_settings(environment, tmp_path), handshake=False)
    assert "short'" not in str(caught.value)


def test_a_secret_that_is_known_is_not_asked_for_again(tmp_path: Path) -> None:
    settings = load_settings({"NOTION_WEBHOOK_SECRET": SECRET}, tmp_path)
    with pytest.raises(ConfigurationError, match="unset it"):
        check_settings(settings, handshake=True)
    check_settings(settings, handshake=False)
