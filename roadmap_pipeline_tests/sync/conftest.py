"""A small organisation behind both simulators, and a warehouse whose ``publish`` tables say what it should become.

The tables are filled by hand, so that a test says in one line what changes; how they are computed is tested elsewhere.
Both servers run once; each test gets states of its own behind them.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from roadmap_pipeline import pipeline
from roadmap_pipeline.notion.client import NotionClient
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.sync.reconciler import SyncResult
from roadmap_sandbox import payloads
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github.app import create_app as create_github
from roadmap_sandbox.github.state import TOKEN as GITHUB_TOKEN
from roadmap_sandbox.github.state import GitHubState
from roadmap_sandbox.notion.app import create_app as create_notion
from roadmap_sandbox.notion.state import TOKEN as NOTION_KEY
from roadmap_sandbox.notion.state import NotionState
from roadmap_sandbox.server import Server

CLOCK = datetime(2026, 11, 16, 6, tzinfo=UTC)
PARENT = "5a11d0c5-0000-4000-8000-00000000ac3e"
BOT = payloads.user("roadmap-pipeline[bot]", 900001, type="Bot")
ANA = payloads.user("ana", 11)
OWNER = payloads.user("acme", 1, type="Organization")
PULLS = (("acme/payments", 1), ("acme/payments", 2), ("acme/storefront", 5))

REPORTS = "CI Intelligence Reports"
ROADMAP = "Engineering Roadmap"
REPORT = "ci-report-2026-W46.md"
CONTENT = "# CI report 2026-W46\n\n| repo | runs |\n| --- | --- |\n| a | 1 |\n\n" + "\n\n".join(
    f"## Part {number}\n\nRuns of *part* {number} failed 🧪 with `exit {number}`. " + "So it went on. " * 40
    for number in range(8)
)

TABLES = """
create schema publish;
create table publish.notion_ci_reports (
    report_name varchar, report_date date, analysis_period integer, total_failures bigint,
    autofix_success_rate double, average_mttr_hours double, top_failure_category varchar, report_content varchar,
    github_link varchar
);
create table publish.notion_roadmap (
    repo varchar, number integer, milestone varchar, title varchar, target_date date, status varchar, progress double,
    latest_report_name varchar, related_pr varchar, workflow_pass_rate double, autofix_success double,
    mttr_hours double, trend varchar, notes varchar
);
create table publish.pull_request_comments (repo varchar, number integer, head_sha varchar, body varchar);
insert into publish.notion_roadmap values
    ('acme/payments', 1, 'Stage 7.3', 'Stage 7.3', '2026-12-01', 'In Progress', 0.55, $report,
     'https://github.com/acme/payments/pull/1', 0.9, 0.5, 3.25, 'Improving', 'Green the release workflow (30 points).'),
    ('acme/payments', 2, 'Checkout v2', 'Checkout v2', null, 'Planned', 0.0, $report, null, null, null, null, null,
     'Merge the documentation (30 points).'),
    ('acme/payments', 3, 'Sunset v1', 'Sunset v1', '2026-09-30', 'Completed', 1.0, $report, null, 1.0, null, 0.5,
     'Stable', null),
    ('acme/storefront', 1, 'Polish', 'Polish · acme/storefront', null, 'Blocked', 0.25, $report, null, 0.125, 0.75,
     12.0, 'Degrading', 'Repair the flaky job (25 points).')
"""


class Switch:
    """An app that hands requests to another one, so that tests share a server but each has a simulation of its own."""

    def __init__(self) -> None:
        self.lifespan = Starlette()
        self.app = self.lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.lifespan if scope["type"] == "lifespan" else self.app)(scope, receive, send)


class KilledError(BaseException):
    """The process ends here."""


@dataclass
class Kill:
    """Ends the run at its ``at``-th writing request (from 0; None: never), before it goes out or after it was answered.

    The warehouse is left as it was at that moment: nothing that Python runs on its way out gets to it.
    """

    at: int | None = None
    after: bool = False
    seen: int = 0

    def around(self, warehouse: Path, send: Callable[[], Any]) -> Any:
        """Send one writing request, unless the end comes before."""
        mine = self.seen == self.at
        self.seen += 1
        if mine and not self.after:
            self._end(warehouse)
        answer = send()
        if mine:
            self._end(warehouse)
        return answer

    def _end(self, warehouse: Path) -> None:
        shutil.copy(warehouse, warehouse.with_suffix(".killed"))
        raise KilledError


class _KillingTransport(httpx.HTTPTransport):
    def __init__(self, kill: Kill, warehouse: Path) -> None:
        super().__init__()
        self._kill, self._warehouse = kill, warehouse

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or request.url.path.endswith("/query"):
            return super().handle_request(request)

        def send() -> httpx.Response:
            response = super(_KillingTransport, self).handle_request(request)
            response.read()
            return response

        return self._kill.around(self._warehouse, send)


class _KillingConnection:
    def __init__(self, connection: Any, kill: Kill, warehouse: Path) -> None:
        self._connection, self._kill, self._warehouse = connection, kill, warehouse

    def send(self, verb: str, *rest: Any) -> Any:
        if verb == "GET":
            return self._connection.send(verb, *rest)
        return self._kill.around(self._warehouse, lambda: self._connection.send(verb, *rest))

    def close(self) -> None:
        self._connection.close()


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
    def runtime(self, kill: Kill | None = None, *, lag: bool = False, **changes: str) -> Iterator[Runtime]:
        """Yield a run's runtime. With ``lag`` waiting moves Notion's clock on. ``changes`` are of the environment."""
        runtime = Runtime(load_settings({**self.environment, **changes}, self.warehouse.parent))
        if kill is not None or lag:
            transport = None if kill is None else _KillingTransport(kill, self.warehouse)
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
            client._sender.open_connection = lambda: _KillingConnection(open_connection(), killing, self.warehouse)  # type: ignore[assignment,return-value]
        try:
            yield runtime
        finally:
            runtime.close()

    def _wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.notion.advance(timedelta(seconds=seconds))

    def sync(self, *parts: Any, dry_run: bool = False, milestone: str | None = None, **how: Any) -> SyncResult:
        """Run ``roadmap sync`` once."""
        with self.runtime(**how) as runtime:
            return pipeline.sync(runtime, parts or None, dry_run=dry_run, milestone=milestone)

    def killed(self, kill: Kill) -> bool:
        """Run ``roadmap sync``, which may end in the middle, as by SIGKILL; return whether it did."""
        try:
            self.sync(kill=kill)
        except KilledError:
            shutil.move(self.warehouse.with_suffix(".killed"), self.warehouse)
            return True
        return False

    def sql(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Look at or change the warehouse."""
        with duckdb.connect(str(self.warehouse)) as con:
            return con.execute(statement, parameters).fetchall()

    def milestone(self, which: str, /, **values: Any) -> None:
        """Change what the roadmap should say of the milestone of this title."""
        changes = ", ".join(f"{name} = ${name}" for name in values)
        self.sql(f"update publish.notion_roadmap set {changes} where title = $key", {**values, "key": which})

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


def organisation(**pull_options: Any) -> GitHubContent:
    """Return two repositories with three open pull requests; somebody already talks on one."""
    content = GitHubContent(clock=CLOCK, viewer=BOT)
    for position, name in enumerate(("acme/payments", "acme/storefront")):
        content.repositories[name] = payloads.repository(
            name, 101 + position, OWNER, created_at=CLOCK, updated_at=CLOCK, pushed_at=CLOCK
        )
        content.pull_requests[name] = []
    for repo, number in PULLS:
        content.pull_requests[repo].append(
            payloads.pull_request(
                content.repositories[repo],
                id=5000 + number,
                number=number,
                title=f"Change {number}",
                user=ANA,
                head_ref=f"feature/{number}",
                head_sha=f"{number:040x}",
                base_ref="main",
                base_sha="0" * 40,
                created_at=CLOCK,
                updated_at=CLOCK,
                **pull_options,
            )
        )
    talk = payloads.comment(
        content.repositories["acme/payments"], id=77, number=1, user=ANA, body="Nice", created_at=CLOCK
    )
    content.comments["acme/payments", 1] = [talk]
    return content


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
                _fill(services.warehouse)
            yield services

        yield make


def _fill(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as con:
        for statement in TABLES.split(";"):
            con.execute(statement, {"report": REPORT} if "$report" in statement else None)
        con.execute(
            "insert into publish.notion_ci_reports values"
            " (?, '2026-11-16', 7, 12, 0.5, 2.75, 'lint_format', ?, 'https://github.com/acme/payments/actions')",
            [REPORT, CONTENT],
        )
        for repo, number in PULLS:
            con.execute(
                "insert into publish.pull_request_comments values (?, ?, ?, ?)",
                [repo, number, f"{number:040x}", f"**CI passed** for `{number}`\n\n| a | b |\n| - | - |\n| 1 | 2 |"],
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
        self.writes = len(made.writes())
        self.final = made.final()


@pytest.fixture(scope="session")
def start(new_services: NewServices, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Return an undisturbed first sync."""
    folder = tmp_path_factory.mktemp("start")
    with new_services(folder) as made:
        told = made.sync(dry_run=True)
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
