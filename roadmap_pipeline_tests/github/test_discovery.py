"""An organisation as a source: which repositories a pattern takes, and when GitHub is asked for its list."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from roadmap_pipeline import pipeline
from roadmap_pipeline.discovery import (
    FILE,
    Discovery,
    ListedRepository,
    OwnerList,
    expanded,
    names_repositories,
    remember,
    remembered,
)
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client.credentials import GitHubApp
from roadmap_pipeline.github.ingest import repositories
from roadmap_pipeline.pipeline.repository_discovery import discover, with_remembered
from roadmap_pipeline.runtime import Runtime, github_client
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline_tests.github.conftest import run
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import BOT, CLOCK, ago, full_repository
from roadmap_sandbox.content import GitHubContent
from roadmap_sandbox.github import apps
from roadmap_sandbox.github.faults import Fault

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
LISTED = OwnerList(
    NOW,
    (
        ListedRepository("acme/Web-shop", is_archived=False, is_fork=False),
        ListedRepository("acme/web-old", is_archived=True, is_fork=False),
        ListedRepository("acme/api", is_archived=False, is_fork=False),
        ListedRepository("acme/vendored", is_archived=False, is_fork=True),
    ),
)


@pytest.mark.parametrize(
    ("configured", "discovery", "names"),
    [
        (["acme/*"], {}, ("acme/api", "acme/Web-shop")),
        (["ACME/WEB-*"], {}, ("acme/Web-shop",)),
        (["acme/*"], {"archived": True}, ("acme/api", "acme/web-old", "acme/Web-shop")),
        (["acme/*"], {"forks": True}, ("acme/api", "acme/vendored", "acme/Web-shop")),
        (["acme/*"], {"exclude": ("acme/A*",)}, ("acme/Web-shop",)),
        # Who names a repository wants it, whatever is left out of patterns; its spelling stays.
        (["acme/web-old", "acme/*", "acme/API"], {}, ("acme/web-old", "acme/API", "acme/Web-shop")),
        (["acme/?pi", "acme/*"], {}, ("acme/api", "acme/Web-shop")),
        (["acme/none-*", "acme/api"], {}, ("acme/api", "acme/none-*")),
        (["other/*"], {}, ("other/*",)),
    ],
)
def test_a_pattern_takes_what_is_not_left_out(configured, discovery, names):
    assert expanded(configured, {"acme": LISTED}, Discovery(**discovery)) == names


@pytest.mark.parametrize(
    ("text", "is_right"),
    [("acme/*", True), ("acme/web-[ab]?", True), ("acme/api", True), ("*", False), ("*/api", False), ("acme", False)],
)
def test_a_pattern_names_one_owner(text, is_right):
    assert names_repositories(text) is is_right


@given(
    st.dictionaries(
        st.sampled_from(["acme", "other"]),
        st.builds(
            OwnerList,
            st.datetimes(timezones=st.just(UTC)),
            st.lists(st.builds(ListedRepository, st.text(min_size=1), st.booleans(), st.booleans()), max_size=3).map(
                tuple
            ),
        ),
    )
)
def test_lists_come_back_as_they_were_kept(tmp_path_factory, lists):
    home = tmp_path_factory.mktemp("home")
    remember(home, "https://ghe.example/api/v3", {"x": LISTED})
    remember(home, "https://api.github.com", lists)
    assert remembered(home, "https://api.github.com") == lists
    assert remembered(home, "https://ghe.example/api/v3") == {"x": LISTED}


@pytest.mark.parametrize("content", ["", "[]", '{"https://api.github.com": {"acme": {}}}', "\x00"])
def test_a_file_that_is_no_list_is_no_list(tmp_path, content):
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    assert remembered(tmp_path, "https://api.github.com") == {}


def test_a_folder_that_cannot_be_written_to_costs_the_next_list_only(tmp_path):
    (tmp_path / "file").touch()
    remember(tmp_path / "file", "https://api.github.com", {"acme": LISTED})
    assert remembered(tmp_path / "file", "https://api.github.com") == {}


def _organisation(*names):
    content = GitHubContent(clock=CLOCK, viewer=BOT)
    for number, name in enumerate(names, start=101):
        content.repositories[name] = full_repository(name, number)
        content.runs[name] = [run(number, ago(days=3), repo=name)]
    return content


def _owned_by(kind):
    content = _organisation("acme/api")
    repository = content.repositories["acme/api"]
    content.repositories["acme/api"] = {**repository, "owner": {**repository["owner"], "type": kind}}
    return content


def _serve(serve, content):
    return serve(content, token="a-token")


@pytest.fixture
def runtime_of(serve, tmp_path):
    """``runtime_of(served, repositories, now)``: a run with a real token's settings on a served GitHub."""
    runtimes = []

    def make(served, repositories, now=NOW, toml=""):
        (tmp_path / "roadmap.toml").write_text(f"repositories = {json.dumps(repositories)}\n{toml}", encoding="utf-8")
        settings = load_settings(
            {"GITHUB_TOKEN": "a-token", "GITHUB_API_URL": served.base_url, "ROADMAP_NOW": now.isoformat()}, tmp_path
        )
        runtime = Runtime(settings, make_github=github_client)
        runtimes.append(runtime)
        return runtime

    yield make
    for runtime in runtimes:
        runtime.close()


def _lists(served):
    return [path for _, path, _ in served.journal() if path.startswith(("/orgs/", "/users/"))]


def test_github_is_asked_once_a_day_and_what_is_new_is_said(serve, runtime_of):
    content = _organisation("acme/api", "acme/web")
    served = _serve(serve, content)
    runtime = runtime_of(served, ["acme/*"])
    discover(runtime)
    assert runtime.settings.repositories == ("acme/api", "acme/web")
    assert _lists(served) == ["/orgs/acme/repos"]
    later = runtime_of(served, ["acme/*"], NOW + timedelta(hours=23))
    discover(later)
    assert later.settings.repositories == ("acme/api", "acme/web") and _lists(served) == []
    grown = _serve(serve, _organisation("acme/api", "acme/web", "acme/new"))
    grown.base_url, served.base_url = served.base_url, grown.base_url
    next_day = runtime_of(served, ["acme/*"], NOW + timedelta(hours=24))
    remember(next_day.settings.dagster_home, next_day.settings.github_api_url, {"acme": LISTED})
    discover(next_day)
    assert next_day.settings.repositories == ("acme/api", "acme/new", "acme/web")
    assert next_day.run_summary.notes == ["New repositories are read: acme/new, acme/web"]


def test_a_users_repositories_are_found_too(serve, runtime_of):
    served = _serve(serve, _owned_by("User"))
    runtime = runtime_of(served, ["acme/*"])
    discover(runtime)
    assert runtime.settings.repositories == ("acme/api",)
    assert _lists(served) == ["/orgs/acme/repos", "/users/acme/repos"]


def test_a_list_of_many_pages_is_read_whole(serve, runtime_of):
    served = _serve(serve, _organisation(*(f"acme/service-{number:03}" for number in range(230))))
    runtime = runtime_of(served, ["acme/service-*"])
    discover(runtime)
    assert len(runtime.settings.repositories) == 230


def test_a_list_that_is_refused_leaves_the_last_one(serve, runtime_of):
    served = _serve(serve, _organisation("acme/api"))
    first = runtime_of(served, ["acme/*"])
    discover(first)
    served.state.faults.add(Fault("refusal", status=403), path="/orgs/acme/repos", times=9)
    next_day = runtime_of(served, ["acme/*"], NOW + timedelta(days=2))
    discover(next_day)
    assert next_day.settings.repositories == ("acme/api",)
    (note,) = next_day.run_summary.notes
    assert "repositories of acme can't be listed" in note and "the list of 2026-11-16 06:00 UTC stands" in note
    assert with_remembered(next_day.settings).repositories == ("acme/api",)


def test_what_a_pattern_takes_is_read_and_one_that_takes_none_costs_itself(serve, runtime_of):
    served = _serve(serve, _organisation("acme/api", "acme/web", "acme/playground"))
    runtime = runtime_of(served, ["acme/*", "nobody/*"], toml='[discovery]\nexclude = ["acme/play*"]\n')
    discover(runtime)
    assert any("repositories of nobody can't be listed" in note for note in runtime.run_summary.notes)
    summary = pipeline.ingest(runtime)
    with runtime.warehouse.connect() as con:
        assert con.execute("select distinct repo from raw.workflow_runs order by 1").fetchall() == [
            ("acme/api",),
            ("acme/web",),
        ]
    assert list(summary.unreadable) == ["nobody/*"]


def test_a_pattern_of_more_than_one_owner_is_a_configuration_error(serve, runtime_of):
    with pytest.raises(ConfigurationError, match=r"'\*/api' is not owner/name, nor a pattern such as acme/\*"):
        runtime_of(_serve(serve, _organisation("acme/api")), ["*/api"])


@pytest.mark.parametrize("kind", ["Organization", "User"])
def test_an_app_finds_its_installation_by_the_owner_of_a_pattern(serve, kind):
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    served = serve(_owned_by(kind), apps=(apps.GitHubApp(7, "reader", public, (apps.Installation(55, "acme"),)),))
    client = served.client(GitHubApp("7", SecretStr(private), repository="acme/*"))
    assert client.get("/repos/acme/api").data["full_name"] == "acme/api"


def test_a_new_repositorys_history_comes_after_the_polls_of_all_others(serve, runtime_of, monkeypatch):
    monkeypatch.setattr(repositories, "REPOSITORIES_AT_A_TIME", 1)
    content = _organisation("acme/api", "acme/web")
    served = _serve(serve, content)
    pipeline.ingest(runtime_of(served, ["acme/web"]))
    served.journal()
    pipeline.ingest(runtime_of(served, ["acme/api", "acme/web"]))
    lists = [path for _, path, _ in served.journal() if path.endswith("/milestones")]
    assert lists.index("/repos/acme/web/milestones") < lists.index("/repos/acme/api/milestones")
