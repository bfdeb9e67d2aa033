"""Headless Chromium, driven on the pages of the Dagster UI.

Belongs here: what browser tests, the measurement of clicks and nothing else need: starting Chromium and the UI, and the
few things that people do there. Needs the extra ``browser``, and Debian's packages chromium and chromium-driver.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

T = TypeVar("T")

NOT_INSTALLED = "Chromium and its driver are needed: apt-get install chromium chromium-driver"
LONGEST_S = 60.0
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Page:
    """A window of the browser on the UI at ``root``."""

    def __init__(self, root: str, driver: Any) -> None:
        self.root, self.driver = root, driver

    def open(self, path: str) -> None:
        """Go to a page of the UI."""
        self.driver.get(f"{self.root}{path}")

    def find(self, xpath: str, seconds: float = LONGEST_S) -> Any:
        """Return the first element that is shown and fits, as soon as there is one."""
        return self.wait(
            lambda: next((one for one in self.driver.find_elements("xpath", xpath) if one.is_displayed()), None),
            seconds,
            xpath,
        )

    def has_text(self, text: str, seconds: float = LONGEST_S) -> None:
        """Wait until a text is shown."""
        self.find(f"//body[contains(normalize-space(.), {text!r})]", seconds)  # words may be elements of their own

    def wait(self, look: Callable[[], T | None], seconds: float = LONGEST_S, what: str = "it") -> T:
        """Return what ``look`` gives as soon as that is something; the page may be drawn anew meanwhile.

        Raises:
            AssertionError: It didn't come; a picture of the page is named.
        """
        from selenium.common.exceptions import StaleElementReferenceException

        deadline = time.monotonic() + seconds
        while True:
            try:
                if (value := look()) is not None:
                    return value
            except StaleElementReferenceException:
                pass
            if time.monotonic() > deadline:
                picture = Path(tempfile.gettempdir()) / "browser-test.png"
                self.driver.save_screenshot(str(picture))
                raise AssertionError(f"{what} did not appear within {seconds:.0f} s: {picture}")
            time.sleep(0.05)

    def materialize(self, assets: Sequence[str]) -> float:
        """Click *Materialize* on the graph of these assets; return when that was (POSIX seconds)."""
        selection = " or ".join(f'key:"{asset}"' for asset in assets)
        self.open(f"/asset-groups~{quote(selection, safe='')}/")
        for asset in assets:
            self.find(f"//*[normalize-space(text())='{asset.rpartition('/')[2]}']")
        button = "//button[not(@disabled)][contains(., 'Materialize')]"
        while True:
            element = self.find(button)
            time.sleep(1)  # drawn anew until its assets are known
            if element == self.find(button):
                break
        clicked_at = time.time()
        element.click()
        return clicked_at


@contextmanager
def chromium(root: str, size: tuple[int, int] = (1500, 1100)) -> Iterator[Page]:
    """Yield a window on the UI at ``root``.

    Raises:
        FileNotFoundError: Chromium or its driver isn't installed; the message says how to.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    program, driver_program = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver_program is None:
        raise FileNotFoundError(NOT_INSTALLED)
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in (*_FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(driver_program))
        try:
            yield Page(root, driver)
        finally:
            driver.quit()


@contextmanager
def served_ui(command: Sequence[str | Path], port: int, environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Yield the address of the UI that ``command`` serves; it is ended with all that it started."""
    with (folder / f"ui-{port}.log").open("w") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
        try:
            root = f"http://127.0.0.1:{port}"
            _wait_for(root, process, Path(log.name))
            yield root
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_for(root: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + LONGEST_S
    while True:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            if graphql(root, "{ assetNodes { id } }")["assetNodes"]:
                return
        except (httpx.HTTPError, KeyError):
            pass
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.2)


def graphql(root: str, query: str) -> dict[str, Any]:
    """Return the data of a query of Dagster's GraphQL."""
    response = httpx.post(f"{root}/graphql", json={"query": query}, timeout=60)
    data: dict[str, Any] = response.json()["data"]
    return data


def newest_run(root: str) -> dict[str, Any]:
    """Return id, status, job and end of the newest run; POSIX seconds."""
    query = "{ runsOrError(limit: 1) { ... on Runs { results { runId status jobName endTime stepKeysToExecute } } } }"
    runs = graphql(root, query)["runsOrError"]["results"]
    return runs[0] if runs else {"runId": None}


def finished_run(root: str, before: str | None) -> dict[str, Any]:
    """Return the run after ``before``, once it is over."""
    deadline = time.monotonic() + LONGEST_S
    while True:
        run = newest_run(root)
        if run["runId"] not in (None, before) and run["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.05)


def roadmap(*arguments: str) -> list[str | Path]:
    """Return the words of a command of this environment's ``roadmap``."""
    return [Path(sys.executable).parent / "roadmap", *arguments]
