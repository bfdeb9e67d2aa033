"""The bridge to the sandbox: without the package, with an earlier version's state, and what its errors become."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from roadmap_pipeline.errors import ConfigurationError, RoadmapError
from roadmap_pipeline.sandbox import NOT_INSTALLED, attached, serve
from roadmap_pipeline.settings import load_settings
from roadmap_sandbox.defaults import PARENT_PAGE_ID, REPOSITORIES
from roadmap_sandbox.organisation import people

_HIDDEN = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "roadmap_sandbox":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
"""


def _without_the_sandbox(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "NOTION_"))}
    return subprocess.run(
        [sys.executable, "-c", _HIDDEN + code],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**environment, "ROADMAP_WAREHOUSE": str(folder / "w.duckdb"), "DAGSTER_HOME": str(folder)},
    )


def test_definitions_load_where_the_sandbox_is_not_installed(tmp_path):
    done = _without_the_sandbox("import roadmap_pipeline.definitions as module; print(module.defs)", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Definitions" in done.stdout


def test_using_the_sandbox_where_it_is_not_installed_says_so_in_one_line(tmp_path):
    code = "from roadmap_pipeline.cli import main; main(['sandbox'])"
    done = _without_the_sandbox(code, tmp_path)
    assert done.returncode == ConfigurationError.exit_code
    assert done.stderr.splitlines()[-1].endswith(NOT_INSTALLED)
    assert "Traceback" not in done.stderr


def test_an_error_of_the_sandbox_is_one_of_the_products(tmp_path):
    settings = load_settings({}, tmp_path)
    folder = settings.state_folder / "sandbox"
    folder.mkdir(parents=True)
    line = {"method": "DELETE", "path": "/repos/acme/gone/labels/x", "body": {}, "time": "2026-11-16T06:00:00Z"}
    (folder / "github-writes.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(RoadmapError, match=r"github-writes\.jsonl, line 1.*delete the file to start"), serve(settings):
        raise AssertionError


def test_state_that_an_earlier_version_wrote_is_taken_up(tmp_path):
    settings = load_settings({}, tmp_path)
    folder = settings.state_folder / "sandbox"
    folder.mkdir(parents=True)
    time = "2026-11-16T06:00:00Z"
    label = {"method": "POST", "path": "/repos/acme/payments/labels", "body": {"name": "kept"}, "time": time}
    (folder / "github-writes.jsonl").write_text(json.dumps(label) + "\n")
    page = {"parent": {"type": "page_id", "page_id": PARENT_PAGE_ID}, "properties": {"title": {"title": []}}}
    lines = [
        {"method": "CLOCK", "path": "", "body": None, "time": time},
        {"method": "POST", "path": "/v1/pages", "body": page, "time": time},
        {"method": "PERSON", "path": "rename", "body": {"id_": PARENT_PAGE_ID, "title": "Ours"}, "time": time},
    ]
    (folder / "notion-writes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "server.json").write_text(json.dumps({"GITHUB_API_URL": "http://127.0.0.1:9", "PID": "1"}))
    assert attached(settings) is None
    with serve(settings) as sandbox:
        status, labels = sandbox.github.request("GET", "/repos/acme/payments/labels?per_page=100")
        assert (status, [label["name"] for label in labels].count("kept")) == (200, 1)
        pages = sandbox.notion.dump()["pages"]
        assert len(pages) == 2
        assert pages[PARENT_PAGE_ID]["values"]["title"][0]["plain_text"] == "Ours"
        again = attached(settings)
        assert again is not None
        assert again.repositories == REPOSITORIES == tuple(repository.full_name for repository in people.REPOSITORIES)
    assert attached(settings) is None
