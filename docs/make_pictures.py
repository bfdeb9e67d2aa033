"""Makes the README's pictures from the running UI, in headless Chromium: `make pictures`.

Starts `roadmap ui` on free ports, waits until it answers, photographs the asset graph, one model, the weekly report and
the sandbox's Notion, and stops it. Needs Chromium (`apt-get install chromium`) and a run (`make run`) to look at.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
BIN = Path(sys.executable).parent

PAGES = (
    ("asset-groups.png", "/asset-groups", "1900,1150"),
    ("model-ci-weekly.png", "/assets/marts/ci_weekly?view=overview", "1500,1300"),
    ("model-checks.png", "/assets/marts/ci_weekly?view=checks&checkDetail=data_tests", "1500,850"),
    ("model-lineage.png", "/assets/marts/ci_weekly?view=lineage", "1700,950"),
    ("report-asset.png", "/assets/derived/reports?view=overview", "1500,1500"),
)


def main() -> None:
    """Photograph every page; exits with a message when something is missing."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    if not (ROOT / "data" / "dagster").is_dir():
        sys.exit("There is no run to photograph: `make run` first")
    PICTURES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    ui = subprocess.Popen([BIN / "roadmap", "ui", "--port", str(port)], cwd=ROOT, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/server_info")
        sandbox = json.loads((ROOT / "data" / "sandbox" / "server.json").read_text(encoding="utf-8"))
        notion = sandbox["NOTION_API_URL"]
        reports = rows_of("ci_reports", sandbox)
        for name, page, size in PAGES:
            photograph(chromium, f"http://127.0.0.1:{port}{page}", name, size)
        photograph(chromium, f"{notion}/page/{reports[0]}", "weekly-report.png", "1200,2300")
    finally:
        os.killpg(ui.pid, signal.SIGINT)
        ui.wait(timeout=30)


def rows_of(database: str, sandbox: dict[str, str]) -> list[str]:
    """Return the page ids of a database's rows in the sandbox's Notion."""
    from roadmap_pipeline.notion.client import NotionClient
    from roadmap_pipeline.notion.rows import read_rows
    from roadmap_pipeline.notion.schema import observe, resolve

    with NotionClient(sandbox["NOTION_API_KEY"], base_url=sandbox["NOTION_API_URL"]) as client:
        databases = resolve(observe(client, sandbox["NOTION_PARENT_PAGE_ID"]))
        return [row.page_id for row in read_rows(client, databases[database])]


def photograph(chromium: str, url: str, name: str, size: str) -> None:
    """Take one page as a PNG; the UI draws itself after loading, hence the time budget."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={profile}", f"--window-size={size}", "--virtual-time-budget=30000",
                f"--screenshot={PICTURES / name}", url,
            ],
            check=True,
            stderr=subprocess.DEVNULL,
            timeout=180,
        )  # fmt: skip
    print(f"{PICTURES / name}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, seconds: float = 90) -> None:
    """Wait until the page answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > deadline:
                sys.exit(f"{url} does not answer")
            time.sleep(1)


if __name__ == "__main__":
    main()
