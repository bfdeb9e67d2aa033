"""A GitHub App's installation as credentials, against a server that checks signatures and hands out short tokens."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.github.client import pacing
from roadmap_pipeline.github.client.client import GitHubApp, GitHubClient, RateLimited
from roadmap_pipeline.github.client.credentials import RENEWED_BEFORE_END
from roadmap_sandbox.server import Server

REPO = "acme/payments"
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()


class Apps:
    """GitHub as an App sees it: App 7, installed as 55 on acme. ``given`` are the tokens handed out, oldest first."""

    def __init__(self):
        self.given = []
        self.revoked = set()
        self.lifetime = timedelta(hours=1)
        self.calls = []
        self.refusals = []  # (status, message, headers) for the next token requests
        self.signatures = []

    def app(self):
        return Starlette(
            routes=[
                Route("/app", self._app),
                Route("/repos/acme/{name}/installation", self._installation),
                Route("/app/installations/{id:int}/access_tokens", self._token, methods=["POST"]),
                Route("/repos/acme/{name}", self._repository),
                Route("/repos/acme/{name}/issues", self._repository, methods=["POST"]),
            ]
        )

    def _is_signed(self, request):
        kind, _, token = request.headers["authorization"].partition(" ")
        self.signatures.append(token)
        self.calls.append(f"{request.method} {request.url.path}")
        try:
            claims = jwt.decode(token, KEY.public_key(), algorithms=["RS256"])
        except jwt.PyJWTError:
            return False
        return kind == "Bearer" and claims["iss"] == "7"

    async def _app(self, request):
        return JSONResponse({"slug": "roadmap"}) if self._is_signed(request) else _refuse(401, "A JSON web token")

    async def _installation(self, request):
        if not self._is_signed(request):
            return _refuse(401, "A JSON web token could not be decoded")
        if request.path_params["name"] == "old":
            headers = {"Location": str(request.url.replace(path="/repos/acme/payments/installation"))}
            return JSONResponse({"message": "Moved Permanently"}, 301, headers)
        return JSONResponse({"id": 55}) if request.path_params["name"] == "payments" else _refuse(404, "Not Found")

    async def _token(self, request):
        if not self._is_signed(request):
            return _refuse(401, "A JSON web token could not be decoded")
        if self.refusals:
            return _refuse(*self.refusals.pop(0))
        if request.path_params["id"] != 55:
            return _refuse(404, "Not Found")
        self.given.append(f"ghs_short{len(self.given)}")
        ends_at = f"{datetime.now(UTC) + self.lifetime:%Y-%m-%dT%H:%M:%SZ}"
        return JSONResponse({"token": self.given[-1], "expires_at": ends_at, "permissions": {}}, 201)

    async def _repository(self, request):
        token = request.headers["authorization"].removeprefix("token ")
        self.calls.append(f"{request.method} {request.url.path}")
        if token not in self.given or token in self.revoked:
            return _refuse(401, "Bad credentials")
        return JSONResponse({"full_name": REPO, "token_was": self.given.index(token)})


def _refuse(status, message, headers=None):
    return JSONResponse({"message": message, "status": str(status)}, status, headers)


@pytest.fixture
def apps():
    return Apps()


@pytest.fixture
def connect(apps):
    """``connect(**fields of GitHubApp) -> GitHubClient`` for App 7, without an installation's number."""
    clients = []
    with Server(apps.app()) as server:

        def make(**fields):
            pacing.forget()
            app = GitHubApp(**{"app_id": "7", "private_key": SecretStr(PEM), "repository": REPO, **fields})
            clients.append(GitHubClient(app, base_url=server.base_url, points_per_minute=None))
            return clients[-1]

        yield make
        for client in clients:
            client.close()


def test_the_installation_is_found_by_the_first_repository(apps, connect):
    client = connect()
    assert client.get(f"/repos/{REPO}").data["full_name"] == REPO
    assert apps.calls == [
        "GET /repos/acme/payments/installation",
        "POST /app/installations/55/access_tokens",
        "GET /repos/acme/payments",
    ]
    assert (client.requests, client.charged, client.writes) == (1, 1, 0)


def test_a_named_installation_is_not_looked_up(apps, connect):
    connect(installation_id=55, repository=None).get(f"/repos/{REPO}")
    assert apps.calls == ["POST /app/installations/55/access_tokens", "GET /repos/acme/payments"]


def test_a_renamed_repository_finds_the_installation_too(apps, connect):
    connect(repository="acme/old").get(f"/repos/{REPO}")
    assert apps.calls[:2] == ["GET /repos/acme/old/installation", "GET /repos/acme/payments/installation"]


def test_threads_share_one_token(apps, connect):
    client = connect()
    threads = [threading.Thread(target=client.get, args=(f"/repos/{REPO}",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(apps.given) == 1
    assert client.requests == 6


def test_a_token_is_renewed_before_its_end_on_the_open_connection(apps, connect):
    client = connect()
    apps.lifetime = RENEWED_BEFORE_END - timedelta(seconds=5)
    assert client.get(f"/repos/{REPO}").data["token_was"] == 0
    apps.lifetime = RENEWED_BEFORE_END + timedelta(minutes=5)
    assert [client.get(f"/repos/{REPO}").data["token_was"] for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_refused_token_is_replaced_once(apps, connect, verb):
    client = connect()
    client.get(f"/repos/{REPO}")
    apps.revoked.add("ghs_short0")
    if verb == "GET":
        assert client.get(f"/repos/{REPO}").data["token_was"] == 1
    else:
        assert client.post(f"/repos/{REPO}/issues", {"title": "x"}).data["token_was"] == 1
    apps.revoked.update(f"ghs_short{n}" for n in range(9))
    with pytest.raises(ConfigurationError, match=r"GITHUB_APP_ID.*401 Bad credentials"):
        client.get(f"/repos/{REPO}")
    assert len(apps.given) == 3


def test_fetching_a_token_is_repeated_since_a_second_one_does_no_harm(apps, connect):
    apps.refusals = [(502, "Server Error"), (502, "Server Error")]
    assert connect().get(f"/repos/{REPO}").status == 200


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"repository": "acme/elsewhere"}, r"GITHUB_APP_ID: the app 7 is not installed on acme/elsewhere"),
        ({"installation_id": 56}, r"GITHUB_APP_INSTALLATION_ID: .* no token for the installation 56 \(404 Not Found\)"),
        ({"app_id": "8"}, r"GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY: not accepted by .*401"),
        ({"repository": None}, r"GITHUB_APP_INSTALLATION_ID is not set and no repository"),
        (
            {"private_key": SecretStr(PEM[:200] + PEM[300:])},
            r"GITHUB_APP_PRIVATE_KEY is no RSA private key in PEM form",
        ),
    ],
)
def test_what_is_wrong_names_its_variable(connect, fields, text):
    with pytest.raises(ConfigurationError, match=text):
        connect(**fields).get(f"/repos/{REPO}")


def test_a_suspended_installation_and_a_long_wait_are_told_apart(apps, connect):
    apps.refusals = [(403, "This installation has been suspended")]
    with pytest.raises(ConfigurationError, match="suspended"):
        connect().get(f"/repos/{REPO}")
    apps.refusals = [(403, "API rate limit exceeded for installation ID 55.", {"Retry-After": "300"})]
    with pytest.raises(RateLimited):
        connect().get(f"/repos/{REPO}")


def test_writes_are_the_apps_bots(connect):
    assert connect().viewer_login() == "roadmap[bot]"


def test_cached_answers_outlive_the_token_and_differ_by_installation(apps, connect):
    client = connect()
    before = client.cache_key("/x")
    client.get(f"/repos/{REPO}")
    apps.revoked.add("ghs_short0")
    client.get(f"/repos/{REPO}")
    assert client.cache_key("/x") == before == connect(repository="ACME/other").cache_key("/x")
    assert connect(repository="globex/shop").cache_key("/x") != before
    assert connect(installation_id=56).cache_key("/x") != connect(installation_id=55).cache_key("/x")


def test_key_signature_and_token_show_nowhere(apps, connect, caplog):
    caplog.set_level(logging.DEBUG)
    client = connect()
    client.get(f"/repos/{REPO}")
    client.viewer_login()
    apps.revoked.update(f"ghs_short{n}" for n in range(9))
    with pytest.raises(ConfigurationError) as caught:
        client.get(f"/repos/{REPO}")
    key_line = PEM.splitlines()[3]
    shown = [caplog.text, repr(client), repr(vars(client)), repr(vars(client._credentials)), str(caught.getrepr())]
    assert "access_tokens: 201" in caplog.text
    assert apps.signatures and apps.given
    for secret in (key_line, *apps.signatures, *apps.given):
        assert not [text for text in shown if secret in text]
