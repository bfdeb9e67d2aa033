"""GitHub Apps: PyGithub's own way to an installation token, and tokens that run out."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth, Github, GithubException, GithubIntegration

from roadmap_pipeline.github.client.client import GitHubClient
from roadmap_pipeline_tests.roadmap_sandbox.github.conftest import REPO
from roadmap_sandbox.github.apps import GitHubApp, Installation

TOKENS = "/app/installations/77/access_tokens"
ROOT = f"/repos/{REPO}"


@pytest.fixture(scope="module")
def keys():
    """Return private and public half of a key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture
def app(keys):
    return GitHubApp(5, "roadmap-bot", keys[1], (Installation(77, "acme", frozenset({"payments"})),))


@pytest.fixture
def state(make_state, app):
    return make_state(apps=(app,))


@pytest.fixture
def web_token(keys):
    def sign(**changes):
        now = int(time.time())
        return jwt.encode({"iat": now - 60, "exp": now + 300, "iss": "5"} | changes, keys[0], algorithm="RS256")

    return sign


def as_app(client, method, path, token, body=None):
    return client(method, path, body, headers={"Authorization": f"Bearer {token}"})


def test_pygithub_gets_itself_a_token_and_writes_as_the_app(client, state, keys):
    options = {"base_url": client.root, "seconds_between_requests": None, "seconds_between_writes": None}
    auth = Auth.AppAuth(5, keys[0])
    with GithubIntegration(auth=auth, **options) as integration:
        assert integration.get_app().slug == "roadmap-bot"
        assert [installation.id for installation in integration.get_installations()] == [77]
        assert integration.get_repo_installation("acme", "payments").id == 77
        assert integration.get_app_installation(77).app_slug == "roadmap-bot"
    with Github(auth=auth.get_installation_auth(77), **options) as github:
        repo = github.get_repo(REPO)
        assert repo.get_workflow_runs().totalCount == 6
        assert repo.get_issue(1).create_comment("hello").user.login == "roadmap-bot[bot]"
        with pytest.raises(GithubException) as refused:
            github.get_user().login  # noqa: B018
        assert refused.value.status == 403
    tokens = [entry for entry in state.journal if entry.path == TOKENS]
    assert [(entry.method, entry.status, entry.mutating) for entry in tokens] == [("POST", 201, False)]


def test_a_token_lasts_an_hour(client, state, web_token):
    made = as_app(client, "POST", TOKENS, web_token())
    assert made.status_code == 201
    assert made.json()["repository_selection"] == "selected"
    token = made.json()["token"]
    assert as_app(client, "GET", ROOT, token).status_code == 200
    state.let_pass(3_599)
    assert as_app(client, "GET", ROOT, token).status_code == 200
    state.let_pass(2)
    expired = as_app(client, "GET", ROOT, token)
    assert (expired.status_code, expired.json()["message"]) == (401, "Bad credentials")


def test_pygithub_renews_a_token_before_it_runs_out(client, state, keys):
    auth = Auth.AppAuth(5, keys[0]).get_installation_auth(77)
    # PyGithub renews a token 20 seconds early.
    state.apps.token_seconds = 15
    with Github(auth=auth, base_url=client.root, seconds_between_requests=None) as github:
        github.get_repo(REPO)
        github.get_repo(REPO)
    assert sum(entry.path == TOKENS and entry.status == 201 for entry in state.journal) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iss": "6"}, "Integration not found"),
        ({"exp": -5}, "must be a numeric value representing the future time"),
        ({"exp": 3_600}, "is too far in the future"),
        ({"iat": 900}, "'Issued at' claim"),
        ({"iat": None}, "could not be decoded"),
    ],
)
def test_web_tokens_that_are_refused(client, web_token, changes, message):
    """Times are seconds from now, when the test runs and not when it is collected."""
    now = int(time.time())
    changes = {name: now + value if isinstance(value, int) else value for name, value in changes.items()}
    refused = as_app(client, "POST", TOKENS, web_token(**changes))
    assert refused.status_code == 401
    assert message in refused.json()["message"]


def test_a_web_token_of_another_key_is_refused(client):
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    now = int(time.time())
    forged = jwt.encode({"iat": now, "exp": now + 60, "iss": "5"}, other, algorithm="RS256")
    assert as_app(client, "POST", TOKENS, forged).status_code == 401


def test_what_an_app_may_ask_for(client, web_token):
    token = web_token()
    assert as_app(client, "POST", "/app/installations/78/access_tokens", token).status_code == 404
    assert as_app(client, "GET", "/repos/acme/secret/installation", token).status_code == 404
    assert as_app(client, "GET", f"{ROOT}/actions/runs", token).status_code == 403
    assert client.get("/app").status_code == 401
    more = as_app(client, "POST", TOKENS, token, {"permissions": {"contents": "write"}})
    elsewhere = as_app(client, "POST", TOKENS, token, {"repositories": ["secret"]})
    assert (more.status_code, elsewhere.status_code) == (422, 422)


def test_an_installation_may_do_what_it_was_granted(client, web_token):
    made = as_app(
        client, "POST", TOKENS, web_token(), {"permissions": {"issues": "read"}, "repositories": ["payments"]}
    )
    assert [repo["full_name"] for repo in made.json()["repositories"]] == [REPO]
    token = made.json()["token"]
    assert as_app(client, "GET", f"{ROOT}/issues", token).status_code == 200
    refused = as_app(client, "POST", f"{ROOT}/issues/1/comments", token, {"body": "x"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    whole = as_app(client, "POST", TOKENS, web_token()).json()["token"]
    assert as_app(client, "POST", f"{ROOT}/issues/1/comments", whole, {"body": "x"}).status_code == 201
    assert as_app(client, "POST", f"{ROOT}/actions/runs/6/rerun", whole).status_code == 403
    assert as_app(client, "GET", "/repos/acme/secret", whole).status_code == 404


def test_an_installation_learns_its_name_by_graphql(client, state, web_token):
    token = as_app(client, "POST", TOKENS, web_token()).json()["token"]
    github = GitHubClient(token, base_url=client.root, points_per_minute=None)
    assert github.viewer_login() == "roadmap-bot[bot]"
    github.close()
    unknown = as_app(client, "POST", "/graphql", token, {"query": "{ viewer { shoeSize } }"})
    assert unknown.status_code == 200
    assert unknown.json()["errors"][0]["message"] == "Field 'shoeSize' doesn't exist on type 'User'"
    assert client("POST", "/graphql", {"query": 1}).status_code == 422
    assert client.get("/rate_limit").json()["resources"]["graphql"]["used"] == 1
    assert not any(entry.mutating for entry in state.journal)
