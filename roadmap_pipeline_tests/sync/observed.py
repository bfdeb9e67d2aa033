"""Both sides as people see them, read from the simulators' own records, whatever columns are called by now.

Belongs here: plain values of rows and milestones. What they should be is the ledger's.
"""

import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadmap_pipeline_tests.sync.conftest import ANA, ROADMAP, SimulatedServices
from roadmap_sandbox.notion.content import page_markdown
from roadmap_sandbox.notion.errors import INTEGRATION_ID
from roadmap_sandbox.notion.reading import plain_value
from roadmap_sandbox.notion.records import DataSource, Page, View

TITLE, DATE, STATUS = "🧩 Milestone", "📆 Target Date", "✅ Status"
SHARED = (TITLE, DATE, STATUS)
STATE, NOTE, KEY, NOTES = "🔄 Sync State", "🧾 Sync Note", "🔑 Sync Key", "📝 Notes"
PROGRESS = "📊 Progress"
REPOS = ("acme/payments", "acme/storefront")
STATUS_LABELS = {"status: planned": "Planned", "status: in-progress": "In Progress", "status: blocked": "Blocked"}
_LABELS = {**STATUS_LABELS, "status: in progress": "In Progress"}


def canonical(title: str | None, repo: str) -> str | None:
    """Return what of a title counts: composed, one line, trimmed, without the repository that Notion shows after it."""
    composed = unicodedata.normalize("NFC", title or "")
    text = "".join(sign for sign in composed if unicodedata.category(sign) not in ("Cc", "Zl", "Zp")).strip()
    suffix = f" · {repo}"
    if text.casefold().endswith(suffix.casefold()):
        text = text[: -len(suffix)].rstrip()
    return text or None


@dataclass(frozen=True)
class MilestoneView:
    """A milestone on GitHub, with its tracking issue's number, label and other labels."""

    key: str
    repo: str
    number: int
    title: str
    due: str | None
    is_closed: bool
    derived: str
    issue: int | None
    label: str | None
    other_labels: frozenset[str]

    @property
    def explicit(self) -> str | None:
        """The status that people gave; None where nobody did."""
        return "Completed" if self.is_closed else self.label

    def value(self, field: str) -> Any:
        """Return a shared field as people edit it."""
        if field == TITLE:
            return canonical(self.title, self.repo)
        return self.due if field == DATE else self.explicit

    def shown(self, field: str) -> Any:
        """Return a shared field as the row should show it."""
        return (self.explicit or self.derived) if field == STATUS else self.value(field)


@dataclass(frozen=True)
class RowView:
    """A row of the roadmap; values by the names of the contract."""

    page_id: str
    values: dict[str, Any]
    is_ours: bool
    in_trash: bool
    is_inside: bool
    age: tuple[datetime, str]

    def value(self, field: str, repo: str) -> Any:
        """Return a shared field in the form in which it is compared."""
        value = self.values.get(field)
        return canonical(value, repo) if field == TITLE else value

    @property
    def is_there(self) -> bool:
        """True where people see it in the database."""
        return self.is_inside and not self.in_trash


class Observer:
    """Reads both simulators. Columns and options are known by the ids that they have at the start.

    ``columns`` are those ids by name.
    """

    def __init__(self, services: SimulatedServices) -> None:
        self.services = services
        self.database_id = services.databases()[ROADMAP]
        self.columns = {prop.name: prop.id for prop in self._source.properties.values()}
        self._options = {
            option["id"]: option["name"]
            for prop in self._source.properties.values()
            if prop.type == "select"
            for option in prop.config["options"]
        }

    @property
    def _source(self) -> DataSource:
        store = self.services.notion.store
        return store.data_sources[store.databases[self.database_id].data_sources[0]]

    def column(self, name: str) -> str:
        """Return what people call a column of the contract by now."""
        return self._source.properties[self.columns[name]].name

    def option(self, column: str, name: str) -> str:
        """Return what people call an option by now."""
        options = self._source.properties[self.columns[column]].config["options"]
        return next((o["name"] for o in options if self._options.get(o["id"]) == name), name)

    def options(self, column: str) -> list[str]:
        """Return what people call the options of a column by now."""
        return [option["name"] for option in self._source.properties[self.columns[column]].config["options"]]

    def column_was_made_anew(self, name: str) -> None:
        """Know a column by the id that it has now."""
        prop = next(prop for prop in self._source.properties.values() if prop.name == name)
        self.columns[name] = prop.id
        if prop.type == "select":
            self._options |= {option["id"]: option["name"] for option in prop.config["options"]}

    # -- Notion

    def row(self, page_id: str) -> RowView | None:
        """Return a row wherever it is; None when it was deleted for good."""
        store = self.services.notion.store
        page = store.pages.get(page_id)
        if page is None or not store.visible(page):
            return None
        is_inside = page.parent.id == self._source.id
        values = {name: self._value(page, id_) for name, id_ in self.columns.items()} if is_inside else {}
        created = page.stamps.created.replace(second=0, microsecond=0)
        is_ours = page.stamps.created_by == INTEGRATION_ID
        return RowView(page_id, values, is_ours, store.in_trash(page), is_inside, (created, page_id))

    def rows(self) -> Iterator[RowView]:
        """Yield all rows of the roadmap, those in the trash too."""
        for page_id in self._source.rows:
            row = self.row(page_id)
            if row is not None:
                yield row

    def _value(self, page: Page, column: str) -> Any:
        prop = self._source.properties.get(column)
        if prop is None:
            return None
        if prop.type == "select":
            option = page.values.get(column)
            return self._options.get(option) or plain_value(self.services.notion.store, page, prop)
        value = plain_value(self.services.notion.store, page, prop)
        if prop.type == "date" and value is not None:
            return (value.get("end") or value["start"])[:10]
        return value or None if isinstance(value, str) else value

    def raw(self, page_id: str) -> dict[str, Any]:
        """Return everything that a page holds, by the id of columns that there are and that are filled."""
        values = self.services.notion.store.pages[page_id].values
        return deepcopy({id_: value for id_, value in values.items() if value and id_ in self._source.properties})

    def body(self, page_id: str) -> str:
        """Return a page's text."""
        store = self.services.notion.store
        return str(page_markdown(store, store.pages[page_id])["markdown"])

    def id_of(self, column: str) -> str:
        """Return the id of a column by its present name."""
        return next(prop.id for prop in self._source.properties.values() if prop.name == column)

    def is_view(self, view: View) -> bool:
        """Return whether a view is the roadmap's."""
        return view.data_source_id == self._source.id

    # -- GitHub

    def milestones(self) -> dict[str, MilestoneView]:
        """Return the milestones by sync key, in the order of their numbers."""
        views = {}
        for repo in REPOS:
            listed = self._get(f"/repos/{repo}/milestones?state=all&per_page=100")
            issues = self.issues(repo)
            for one in sorted(listed, key=lambda one: one["number"]):
                issue = min(issues.get(one["node_id"], []), key=lambda issue: issue["number"], default=None)
                labels = {label["name"] for label in issue["labels"]} if issue else set()
                statuses = [_LABELS[label] for label in sorted(labels) if label in _LABELS]
                views[f"milestone:{one['node_id']}"] = MilestoneView(
                    f"milestone:{one['node_id']}",
                    repo,
                    one["number"],
                    one["title"],
                    (one["due_on"] or "")[:10] or None,
                    one["state"] == "closed",
                    "In Progress" if one["closed_issues"] else "Planned",
                    issue["number"] if issue else None,
                    statuses[0] if statuses else None,
                    frozenset(labels - _LABELS.keys() - {"tracking"}),
                )
        return views

    def issues(self, repo: str) -> dict[str, list[dict[str, Any]]]:
        """Return the tracking issues of ours that aren't closed as duplicates, by the milestone's node id."""
        found: dict[str, list[dict[str, Any]]] = {}
        for issue in self._get(f"/repos/{repo}/issues?state=all&per_page=100&direction=asc&labels=tracking"):
            _, marker, rest = (issue["body"] or "").partition("kind=milestone key=")
            if marker and issue["state_reason"] != "duplicate":
                found.setdefault(rest.split()[0], []).append(issue)
        return found

    def issue(self, milestone: MilestoneView) -> dict[str, Any]:
        """Return the tracking issue of a milestone that has one."""
        issue: dict[str, Any] = self._get(f"/repos/{milestone.repo}/issues/{milestone.issue}")
        return issue

    def _get(self, path: str) -> Any:
        status, answer = self.services.github.request("GET", path, user=ANA)
        assert status == 200, answer
        return answer
