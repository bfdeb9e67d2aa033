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
    ("asset-graph.png", "/asset-groups", "2600,1500"),
    ("model-ci-weekly.png", "/assets/marts/ci_weekly?view=overview", "1500,1500"),
    ("model-lineage.png", "/assets/marts/ci_weekly?view=lineage", "1700,950"),
    ("weekly-report.png", "/assets/derived/reports?view=overview", "1500,1700"),
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
        for name, page, size in PAGES:
            photograph(chromium, f"http://127.0.0.1:{port}{page}", name, size)
        photograph(chromium, f"{notion}/", "notion.png", "1300,900")
    finally:
        os.killpg(ui.pid, signal.SIGINT)
        ui.wait(timeout=30)


def photograph(chromium: str, url: str, name: str, size: str) -> None:
    """One page as a PNG; the UI draws itself after loading, hence the time budget."""
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
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, seconds: float = 90) -> None:
    """Until the page answers."""
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
