"""A small organisation behind both simulators, and a warehouse whose ``publish`` tables say what it should become.

Both servers run once; each test gets states of its own behind them.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from roadmap_pipeline import pipeline
from roadmap_pipeline.notion.client import NotionClient
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.sync.result import SyncResult
from roadmap_pipeline.sync.roadmap_planning import Selection
from roadmap_pipeline_tests.sync.kills import Kill, KilledError, KillingConnection, KillingTransport, put_back
from roadmap_pipeline_tests.sync.open_warehouse import kept_open
from roadmap_pipeline_tests.sync.organisation import (
    ANA,
    BOT,
    CLOCK,
    CONTENT,
    MILESTONES,
    OWNER,
    PARENT,
    PULLS,
    REPORT,
    REPORTS,
    REPOS,
    ROADMAP,
    TABLES,
    organisation,
)
from roadmap_pipeline_tests.sync.pace import PacedClock
from roadmap_pipeline_tests.sync.pending_edits import add_milestones, edit_everything, seen
from roadmap_sandbox.github.app import create_app as create_github
from roadmap_sandbox.github.state import TOKEN as GITHUB_TOKEN
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.notion.app import create_app as create_notion
from roadmap_sandbox.notion.state import TOKEN as NOTION_KEY
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.payloads.basics import node_id_within
from roadmap_sandbox.server import Server

__all__ = [
    "ANA",
    "BOT",
    "CLOCK",
    "CONTENT",
    "OWNER",
    "PARENT",
    "PULLS",
    "REPORT",
    "REPORTS",
    "ROADMAP",
    "Kill",
    "KilledError",
    "organisation",
]


class Switch:
    """An app that hands requests to another one, so that tests share a server but each has a simulation of its own."""

    def __init__(self) -> None:
        self.lifespan = Starlette()
        self.app = self.lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.lifespan if scope["type"] == "lifespan" else self.app)(scope, receive, send)


@dataclass
class SimulatedServices:
    """Both simulators, what people do in them, and the pipeline's side."""

    github: GitHubState
    notion: NotionState
    environment: dict[str, str]
    warehouse: Path
    http: httpx.Client
    waited: list[float] = field(default_factory=list)

    # -- the pipeline

    @contextmanager
    def runtime(
        self, kill: Kill | None = None, *, lag: bool = False, pace: PacedClock | None = None, **changes: str
    ) -> Iterator[Runtime]:
        """Yield a run's runtime. With ``lag`` waiting moves Notion's clock on. ``changes`` are of the environment."""
        runtime = Runtime(load_settings({**self.environment, **changes}, self.warehouse.parent))
        if pace is not None:
            runtime.notion = pace.client(self.environment["NOTION_API_URL"])
        elif kill is not None or lag:
            transport = None if kill is None else KillingTransport(kill, self.warehouse)
            runtime.notion = NotionClient(
                NOTION_KEY,
                base_url=self.environment["NOTION_API_URL"],
                requests_per_second=None,
                transport=transport,
                consistency_s=10 if lag else 0,
                sleep=self._wait,
            )
        if kill is not None:
            client, killing = runtime.github, kill
            open_connection = client._sender.open_connection
            client._sender.open_connection = lambda: KillingConnection(open_connection(), killing, self.warehouse)  # type: ignore[assignment,return-value]
        try:
            yield runtime
        finally:
            runtime.close()

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.notion.advance(timedelta(seconds=seconds))

    def sync(
        self,
        *parts: Any,
        dry_run: bool = False,
        milestone: str | None = None,
        restore: str | None = None,
        allow_mass_change: bool = False,
        **how: Any,
    ) -> SyncResult:
        """Run ``roadmap sync`` once."""
        selection = Selection(milestone, frozenset(filter(None, [restore])), allow_mass_change)
        with kept_open(self.warehouse, is_looked_at=dry_run or "kill" in how), self.runtime(**how) as runtime:
            return pipeline.sync(runtime, parts or None, dry_run=dry_run, selection=selection)

    def two_way(self, *, dry_run: bool = False, allow_mass_change: bool = False, **how: Any) -> SyncResult:
        """Run ``roadmap two-way`` once."""
        with kept_open(self.warehouse, is_looked_at=dry_run or "kill" in how), self.runtime(**how) as runtime:
            return pipeline.two_way(runtime, dry_run=dry_run, allow_mass_change=allow_mass_change)

    def killed(self, kill: Kill, command: Literal["sync", "two_way"] = "sync") -> bool:
        """Run ``roadmap sync`` (or two-way), which may end in the middle, as by SIGKILL; return whether it did."""
        try:
            getattr(self, command)(kill=kill)
        except KilledError:
            put_back(self.warehouse)
            return True
        return False

    def on_another_machine(self, *, warehouse: bool) -> "SimulatedServices":
        """Return the same services as another machine sees them, which knows nothing of this one's locks.

        Args:
            warehouse: It has a copy of this one's warehouse; else one in which nothing was synced.
        """
        folder = self.warehouse.parent / "another machine"
        folder.mkdir(exist_ok=True)
        path = folder / self.warehouse.name
        if warehouse:
            shutil.copy(self.warehouse, path)
        else:
            fill(path)
        environment = {**self.environment, "ROADMAP_WAREHOUSE": str(path), "XDG_CACHE_HOME": str(folder / "cache")}
        return replace(self, warehouse=path, environment=environment, waited=[])

    def sql(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Look at or change the warehouse."""
        with duckdb.connect(str(self.warehouse)) as con:
            return con.execute(statement, parameters).fetchall()

    def milestone(self, which: str, /, **values: Any) -> None:
        """Change what the tables say of the roadmap's row of this title."""
        changes = ", ".join(f"{name} = ${name}" for name in values)
        self.sql(f"update publish.notion_roadmap set {changes} where title = $key", {**values, "key": which})

    # -- what people do on GitHub

    def edit_milestone(self, which: str, /, **values: Any) -> None:
        """Change a milestone on GitHub as Ana: ``title``, ``due_on`` (an ISO day), ``state``."""
        repo, number = self._place(which)
        if values.get("due_on"):
            values["due_on"] += "T12:00:00Z"
        self.ask("PATCH", f"/repos/{repo}/milestones/{number}", values)

    def delete_milestone(self, which: str) -> None:
        """Delete a milestone on GitHub as Ana."""
        repo, number = self._place(which)
        self.ask("DELETE", f"/repos/{repo}/milestones/{number}")

    def label(self, which: str, *labels: str) -> None:
        """Give a milestone's tracking issue these labels, and no others, as Ana."""
        issue = self.issue(which)
        path = f"/repos/{issue['repo']}/issues/{issue['number']}"
        self.ask("PATCH", path, {"labels": ["tracking", *labels]})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the simulated GitHub in Ana's name, past the pipeline's client."""
        status, answer = self.github.request(method, path, body, user=ANA)
        assert status < 300, answer
        return answer

    def on_github(self, which: str) -> dict[str, Any]:
        """Return a milestone as GitHub has it, with its day and the labels of its tracking issue."""
        repo, number = self._place(which)
        milestone = self.ask("GET", f"/repos/{repo}/milestones/{number}")
        issues = self.issues(repo, milestone["node_id"])
        labels = sorted(label["name"] for issue in issues[:1] for label in issue["labels"])
        return {
            "title": milestone["title"],
            "due": (milestone["due_on"] or "")[:10] or None,
            "state": milestone["state"],
            "labels": [name for name in labels if name != "tracking"],
        }

    def key(self, which: str) -> str:
        """Return the sync key of the milestone that bears this title on GitHub."""
        repo, number = self._place(which)
        return f"milestone:{self.ask('GET', f'/repos/{repo}/milestones/{number}')['node_id']}"

    def issue(self, which: str) -> dict[str, Any]:
        """Return the one tracking issue of a milestone."""
        repo, number = self._place(which)
        milestone = self.ask("GET", f"/repos/{repo}/milestones/{number}")
        (issue,) = self.issues(repo, milestone["node_id"])
        return {**issue, "repo": repo}

    def issues(self, repo: str, node_id: str) -> list[dict[str, Any]]:
        """Return the tracking issues of ours of a milestone that aren't closed as duplicates."""
        issues = self.ask("GET", f"/repos/{repo}/issues?state=all&per_page=100&labels=tracking&direction=asc")
        return [
            issue
            for issue in issues
            if f"key={node_id} " in (issue["body"] or "") and issue["state_reason"] != "duplicate"
        ]

    def _place(self, which: str) -> tuple[str, int]:
        """Return repository and number of the milestone that bears this title now."""
        for repo in REPOS:
            for one in self.ask("GET", f"/repos/{repo}/milestones?state=all&per_page=100"):
                if one["title"] == which:
                    return repo, one["number"]
        raise AssertionError(f"no milestone {which}")

    # -- what is out there

    def writes(self) -> list[tuple[str, str]]:
        """Return the writing requests since the last call, as (method, path), of both sides."""
        found = [
            (entry.method, entry.path)
            for side in (self.notion, self.github)
            for entry in side.journal
            if entry.mutating
        ]
        self.notion.journal.clear()
        self.github.journal.clear()
        return found

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the simulated Notion past the pipeline's client."""
        answer = self.http.request(method, f"{self.environment['NOTION_API_URL']}/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def databases(self) -> dict[str, str]:
        """Return the ids by title; fails when two bear one title."""
        found: dict[str, str] = {}
        for block in self.api("GET", f"blocks/{PARENT}/children")["results"]:
            if block["type"] != "child_database":
                continue
            assert block["child_database"]["title"] not in found
            found[block["child_database"]["title"]] = block["id"]
        return found

    def pages(self, database: str) -> list[dict[str, Any]]:
        """Return the rows of a database as the API gives them."""
        source = self.api("GET", f"databases/{self.databases()[database]}")["data_sources"][0]["id"]
        return list(self.api("POST", f"data_sources/{source}/query")["results"])

    def rows(self, database: str = ROADMAP) -> list[dict[str, Any]]:
        """Return the rows of a database as plain values by property name; relations by the titles they point to."""
        pages = self.pages(database)
        titles: dict[str, Any] = {}
        if database == ROADMAP:
            titles = {page["id"]: plain(page)["Report Name"] for page in self.pages(REPORTS)}
        return [plain(page, titles) for page in pages]

    def row(self, title: str, database: str = ROADMAP) -> dict[str, Any]:
        """Return the one row of this title."""
        name = "🧩 Milestone" if database == ROADMAP else "Report Name"
        (found,) = [row for row in self.rows(database) if row[name] == title]
        return found

    def page_id(self, title: str, database: str = ROADMAP) -> str:
        """Return the one page of this title."""
        name = "🧩 Milestone" if database == ROADMAP else "Report Name"
        (found,) = [page["id"] for page in self.pages(database) if plain(page).get(name) == title]
        return str(found)

    def comments(self, repo: str, number: int) -> list[dict[str, Any]]:
        """Return the comments of a pull request."""
        status, found = self.github.request("GET", f"/repos/{repo}/issues/{number}/comments?per_page=100")
        assert status == 200
        return list(found)

    def final(self, pulls: Sequence[tuple[str, int]] = PULLS) -> dict[str, Any]:
        """Return everything that people can see on both sides, without ids and times."""
        databases = {}
        for title, database_id in self.databases().items():
            database = self.api("GET", f"databases/{database_id}")
            source = self.api("GET", f"data_sources/{database['data_sources'][0]['id']}")
            views = self.api("GET", f"views?database_id={database_id}")["results"]
            named = [self.api("GET", f"views/{view['id']}") for view in views]
            bodies = {page["id"]: self.api("GET", f"pages/{page['id']}/markdown") for page in self.pages(title)}
            databases[title] = {
                "description": "".join(part["plain_text"] for part in database["description"]),
                "properties": {name: item["type"] for name, item in source["properties"].items()},
                "views": sorted((view["name"], view["type"]) for view in named),
                "rows": sorted(map(repr, self.rows(title))),
                "bodies": sorted(body["markdown"] for body in bodies.values()),
            }
        comments = {pull: [(c["user"]["login"], c["body"]) for c in self.comments(*pull)] for pull in pulls}
        return {"databases": databases, "comments": comments}


def plain(page: Mapping[str, Any], titles: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the values of a page by property name."""
    found: dict[str, Any] = {}
    for name, item in page["properties"].items():
        value = item[item["type"]]
        if item["type"] in ("title", "rich_text"):
            value = "".join(part["plain_text"] for part in value) or None
        elif item["type"] == "select" and value is not None:
            value = value["name"]
        elif item["type"] == "date" and value is not None:
            value = value["start"]
        elif item["type"] == "relation":
            value = [(titles or {}).get(one["id"], one["id"]) for one in value]
        found[name] = value
    return found


NewServices = Callable[..., AbstractContextManager[SimulatedServices]]
STATES = ("roadmap.duckdb", "github.jsonl", "notion.jsonl")


@pytest.fixture(scope="session")
def new_services() -> Iterator[NewServices]:
    """Make services in a folder, one at a time: nothing synced yet, or as it stands in the folder ``start``."""
    switches = Switch(), Switch()
    headers = {"Authorization": f"Bearer {NOTION_KEY}", "Notion-Version": "2026-03-11"}
    with (
        Server(switches[0]) as github_server,  # type: ignore[arg-type]
        Server(switches[1]) as notion_server,  # type: ignore[arg-type]
        httpx.Client(headers=headers, trust_env=False) as http,
    ):

        @contextmanager
        def make(folder: Path, start: Path | None = None) -> Iterator[SimulatedServices]:
            folder.mkdir(parents=True, exist_ok=True)
            for kept in () if start is None else (start / name for name in STATES):
                if kept.exists():
                    shutil.copy(kept, folder / kept.name)
            github = GitHubState(
                organisation(),
                writes_path=folder / "github.jsonl",
                rate_limit=None,
                read_only_tokens=frozenset({"read-only"}),
            )
            notion = NotionState(CLOCK, writes_path=folder / "notion.jsonl")
            switches[0].app, switches[1].app = create_github(github), create_notion(notion)
            environment = {
                "GITHUB_TOKEN": GITHUB_TOKEN,
                "GITHUB_REPOSITORY": "acme/payments,acme/storefront",
                "GITHUB_API_URL": github_server.base_url,
                "NOTION_API_KEY": NOTION_KEY,
                "NOTION_PARENT_PAGE_ID": PARENT,
                "NOTION_API_URL": notion_server.base_url,
                "ROADMAP_WAREHOUSE": str(folder / "roadmap.duckdb"),
                "ROADMAP_NOW": CLOCK.isoformat(),
            }
            services = SimulatedServices(github, notion, environment, folder / "roadmap.duckdb", http)
            if start is None:
                fill(services.warehouse)
            yield services

        yield make


def fill(warehouse: Path) -> None:
    """Make a warehouse whose tables say what Notion and GitHub should become."""
    with duckdb.connect(str(warehouse)) as con:
        for statement in TABLES.split(";"):
            con.execute(statement, {"report": REPORT} if "$report" in statement else None)
        for position, (repo, number, *_) in enumerate(MILESTONES):
            for table in ("notion_roadmap", "tracking_issues"):
                con.execute(
                    f"update publish.{table} set node_id = ? where repo = ? and number = ?",
                    [node_id_within("MI", 101 + REPOS.index(repo), 7001 + position), repo, number],
                )
        con.execute(
            "insert into publish.notion_ci_reports values"
            " (?, '2026-11-16', 7, 12, 0.5, 2.75, 'lint_format', ?, 'https://github.com/acme/payments/actions')",
            [REPORT, CONTENT],
        )
        for repo, number in PULLS:
            body = f"**CI passed** for `{number}`\n\n| a | b |\n| - | - |\n| 1 | 2 |"
            con.execute(
                "insert into publish.pull_request_comments values (?, ?, ?, ?, ?, true)",
                [repo, number, f"{number:040x}", body, body],
            )


@pytest.fixture
def services(new_services: NewServices, tmp_path: Path) -> Iterator[SimulatedServices]:
    """Nothing synced yet."""
    with new_services(tmp_path) as made:
        yield made


class Start:
    """A folder with the states after a first sync, what a dry run said before, and what people then see."""

    # Not a dataclass: Hypothesis prints those with all they hold.
    def __init__(self, folder: Path, made: SimulatedServices, told: SyncResult, result: SyncResult) -> None:
        self.folder, self.told, self.result = folder, told, result
        self.requests = len(made.notion.journal) + len(made.github.journal)
        self.writes = len(made.writes())
        self.final, self.seen = made.final(), seen(made)


@pytest.fixture(scope="session")
def start(new_services: NewServices, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Return an undisturbed first sync."""
    folder = tmp_path_factory.mktemp("start")
    with new_services(folder) as made:
        told = made.sync(dry_run=True)
        assert made.writes() == []
        result = made.sync()
        assert (result.failed, result.refused, list(result.plan.conflicts)) == ([], [], [])
        return Start(folder, made, told, result)


@pytest.fixture(scope="session")
def only_databases(new_services: NewServices, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the states after ``setup-notion``."""
    folder = tmp_path_factory.mktemp("databases")
    with new_services(folder) as made:
        made.sync("databases")
    return folder


@pytest.fixture
def prepared(new_services: NewServices, only_databases: Path, tmp_path: Path) -> Iterator[SimulatedServices]:
    """Both databases are there, without rows; no comments."""
    with new_services(tmp_path, only_databases) as made:
        yield made


@pytest.fixture
def synced(new_services: NewServices, start: Start, tmp_path: Path) -> Iterator[SimulatedServices]:
    """After the first sync."""
    with new_services(tmp_path, start.folder) as made:
        yield made


class Pending:
    """A folder with the states while edits of all kinds wait on both sides, and what a two-way sync makes of it."""

    # Not a dataclass: see Start.
    def __init__(self, folder: Path, made: SimulatedServices) -> None:
        self.folder = folder
        made.writes()
        result = made.two_way()
        assert (result.failed, result.refused, result.moved) == ([], [], [])
        self.conflicts = [str(conflict) for conflict in result.plan.conflicts]
        self.requests = len(made.notion.journal) + len(made.github.journal)
        self.writes = len(made.writes())
        self.seen = seen(made)
        made.two_way()
        assert made.writes() == []


@pytest.fixture(scope="session")
def pending(new_services: NewServices, start: Start, tmp_path_factory: pytest.TempPathFactory) -> Pending:
    """Edits of all kinds wait on both sides."""
    folder = tmp_path_factory.mktemp("pending")
    with new_services(folder, start.folder) as made:
        add_milestones(made)
        edit_everything(made)
    with new_services(tmp_path_factory.mktemp("undisturbed"), folder) as made:
        return Pending(folder, made)
