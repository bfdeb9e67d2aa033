"""Edits of all kinds that wait on both sides for the next sync, and what people see once it has carried them out.

Belongs here: milestones beside those of ``organisation``, one for each kind of edit, named for it. Where a sync is
disturbed is each test's own.
"""

import re
from typing import TYPE_CHECKING, Any

from roadmap_pipeline_tests.sync.organisation import BOT, REPOS

if TYPE_CHECKING:
    from roadmap_pipeline_tests.sync.conftest import SimulatedServices

TITLE, DATE, STATUS = "🧩 Milestone", "📆 Target Date", "✅ Status"
STATE, KEY = "🔄 Sync State", "🔑 Sync Key"

_REPO = "acme/storefront"
_DUE = "2026-12-01"
_OPEN = (
    "Title in Notion",
    "Title on GitHub",
    "Date in Notion",
    "Date on GitHub",
    "Status in Notion",
    "Status on GitHub",
    "Closed in Notion",
    "Closed on GitHub",
    "Deleted on GitHub",
    "In conflict",
    "There twice",
    "Restored",
)
_COPIED = {TITLE: "title", KEY: "rich_text", DATE: "date"}
_CLOSED = ("Opened in Notion", "Opened on GitHub")


def add_milestones(services: "SimulatedServices") -> None:
    """Add one milestone for each kind of edit as Ana, and bring both sides in step."""
    for title in (*_OPEN, *_CLOSED):
        milestone = services.ask("POST", f"/repos/{_REPO}/milestones", {"title": title, "due_on": f"{_DUE}T12:00:00Z"})
        if title in _CLOSED:
            services.ask("PATCH", f"/repos/{_REPO}/milestones/{milestone['number']}", {"state": "closed"})
    result = services.sync()
    assert (result.failed, result.plan.conflicts) == ([], ())
    services.notion.trash(services.page_id("Restored"))
    services.sync()
    assert services.sync().plan.changes == ()


def edit_everything(services: "SimulatedServices") -> None:
    """Edit each milestone as its name says; of titles, closings and the like no more than the guard lets pass."""
    in_notion = {
        "Title in Notion": (TITLE, "Title from Notion"),
        "Date in Notion": (DATE, "2027-01-31"),
        "Status in Notion": (STATUS, "Blocked"),
        "Closed in Notion": (STATUS, "Completed"),
        "Opened in Notion": (STATUS, "In Progress"),
        "In conflict": (DATE, "2027-02-01"),
    }
    for title, (name, value) in in_notion.items():
        services.notion.set_property(services.page_id(title), name, value)
    services.edit_milestone("Title on GitHub", title="Title from GitHub")
    services.edit_milestone("Date on GitHub", due_on="2027-03-31")
    services.label("Status on GitHub", "status: in progress", "urgent")
    services.edit_milestone("Closed on GitHub", state="closed")
    services.edit_milestone("Opened on GitHub", state="open")
    services.edit_milestone("In conflict", due_on="2027-02-28")
    services.edit_milestone("Restored", due_on="2027-04-30")
    services.delete_milestone("Deleted on GitHub")
    services.ask("POST", f"/repos/{_REPO}/milestones", {"title": "New on GitHub"})
    _double(services, "There twice")
    services.notion.restore(_trashed(services))


def _double(services: "SimulatedServices", title: str) -> None:
    """Make a second row and a second tracking issue, as another machine would that looked at the same time."""
    page = services.api("GET", f"pages/{services.page_id(title)}")
    properties = {name: {kind: page["properties"][name][kind]} for name, kind in _COPIED.items()}
    parent = {"type": "data_source_id", "data_source_id": page["parent"]["data_source_id"]}
    services.api("POST", "pages", {"parent": parent, "properties": properties})
    issue = services.issue(title)
    body = {"title": issue["title"], "body": issue["body"], "labels": ["tracking"]}
    status, _ = services.github.request("POST", f"/repos/{issue['repo']}/issues", body, user=BOT)
    assert status == 201


def _trashed(services: "SimulatedServices") -> str:
    ((page_id,),) = services.sql("select page_id from sync.rows where is_trashed")
    return str(page_id)


def seen(services: "SimulatedServices") -> dict[str, Any]:
    """Return everything that people can see on both sides, without ids, numbers of issues and digests."""
    return {**services.final(), "github": {repo: _on_github(services, repo) for repo in REPOS}}


def _on_github(services: "SimulatedServices", repo: str) -> dict[str, Any]:
    milestones = services.ask("GET", f"/repos/{repo}/milestones?state=all&per_page=100")
    issues = services.ask("GET", f"/repos/{repo}/issues?state=all&per_page=100")
    # A second tracking issue that was closed at once is nothing that people miss.
    issues = [issue for issue in issues if "pull_request" not in issue and issue["state_reason"] != "duplicate"]
    return {
        "milestones": sorted((one["title"], one["due_on"] or "", one["state"]) for one in milestones),
        "issues": sorted(
            (one["title"], one["state"], sorted(label["name"] for label in one["labels"]), _masked(one["body"] or ""))
            for one in issues
        ),
    }


_IDS = re.compile(r"sha256=[0-9a-f]{64}|(?<=/)[0-9a-f]{32}|key=\S+")


def _masked(text: str) -> str:
    return _IDS.sub("…", text)
