"""GitHub Apps: who they are, where they are installed, and the tokens that last an hour.

An App proves itself by a JSON web token signed with its private key (RS256, at most ten minutes long) and gets an
installation token for it; with that it may do what the installation allows. Lifetimes go by real time, as the clients'
do (``GitHubState.let_pass`` moves it on). Source: docs.github.com, "Authenticating as a GitHub App".
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.messages import ApiError, Caller, Request, Response, json_response, not_found
from roadmap_sandbox.github.paging import listed
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.store import Store

LONGEST_JWT_SECONDS = 600
_CLOCK_DRIFT_SECONDS = 60
_MADE_AT = "2024-01-01T00:00:00Z"
_LEVELS = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Installation:
    """A place where an App is installed: ``owner`` is a login, ``repositories`` are names below it, None for all."""

    id: int
    owner: str
    repositories: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """A GitHub App. ``public_key`` is the PEM of the key whose other half signs its web tokens."""

    id: int
    slug: str
    public_key: str
    installations: tuple[Installation, ...]
    permissions: Mapping[str, str] = field(
        default_factory=lambda: {
            "actions": "read",
            "checks": "read",
            "contents": "read",
            "issues": "write",
            "metadata": "read",
            "pull_requests": "write",
        }
    )

    @property
    def bot(self) -> Payload:
        """The account in whose name its installations write."""
        return payloads.user(f"{self.slug}[bot]", 10_000_000 + self.id, type="Bot")


class Apps:
    """All Apps and the installation tokens they hold. ``now`` gives seconds since the epoch."""

    def __init__(self, apps: tuple[GitHubApp, ...], now: Callable[[], float]) -> None:
        self.token_seconds = 3600.0
        """The lifetime of the next installation tokens."""
        self._apps = {app.id: app for app in apps}
        self._now = now
        self._tokens: dict[str, tuple[Caller, float]] = {}

    @property
    def tokens(self) -> tuple[str, ...]:
        """The installation tokens handed out, the oldest first."""
        return tuple(self._tokens)

    def caller(self, token: str) -> Caller | None:
        """Return the caller that an installation token or a web token stands for; None for an unknown or expired one.

        Raises:
            ApiError: 401: a web token that can't be accepted, with the reason.
        """
        if token in self._tokens:
            caller, expires = self._tokens[token]
            return caller if self._now() < expires else None
        if token.count(".") == 2 and self._apps:
            return self._app_of(token)
        return None

    def _app_of(self, token: str) -> Caller:
        import jwt

        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
            app = self._apps.get(int(str(issuer)))
            if app is None:
                raise ApiError(401, "Integration not found")
            claims = jwt.decode(
                token,
                app.public_key,
                algorithms=["RS256"],
                # Times are compared below, by the simulator's own clock.
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            issued, expires = float(claims["iat"]), float(claims["exp"])
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise ApiError(401, "A JSON web token could not be decoded") from error
        now = self._now()
        if expires <= now:
            raise ApiError(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
        if expires > now + LONGEST_JWT_SECONDS + _CLOCK_DRIFT_SECONDS:
            raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
        if issued > now + _CLOCK_DRIFT_SECONDS:
            raise ApiError(401, "'Issued at' claim ('iat') must be an Integer representing the time of the assertion")
        return Caller(app.bot, may_write=False, app_id=app.id)

    def respond(self, store: Store, request: Request) -> Response:
        """Answer what an App asks about itself: ``/app``, ``/app/installations`` and below."""
        app = self._asking(request)
        segments = request.path.strip("/").split("/")
        if request.method == "GET" and len(segments) == 1:
            return json_response({**self._payload(store, app), "installations_count": len(app.installations)})
        if segments[1] != "installations":
            raise not_found()
        if request.method == "GET" and len(segments) == 2:
            shown = [self._installation(store, app, installation) for installation in app.installations]
            return listed(request, "/app/installations", shown)
        found = [installation for installation in app.installations if str(installation.id) == segments[2]]
        if not found:
            raise not_found()
        if request.method == "GET" and len(segments) == 3:
            return json_response(self._installation(store, app, found[0]))
        if request.method == "POST" and segments[3:] == ["access_tokens"]:
            return self._new_token(store, request, app, found[0])
        raise not_found()

    def installation_of(self, store: Store, request: Request, records: RepositoryRecords) -> Response:
        """Return the installation of the asking App on a repository."""
        app = self._asking(request)
        for installation in app.installations:
            if records.full_name.lower() in self._repositories(store, installation):
                return json_response(self._installation(store, app, installation))
        raise not_found()

    def installation_of_owner(self, store: Store, request: Request, kind: str, login: str) -> Response:
        """Return the installation of the asking App on an account, of ``orgs`` or of ``users``."""
        app = self._asking(request)
        owner = store.find_user(login)
        is_organization = owner is not None and owner["type"] == "Organization"
        for installation in app.installations:
            if installation.owner.lower() == login.lower() and is_organization == (kind == "orgs"):
                return json_response(self._installation(store, app, installation))
        raise not_found()

    def _asking(self, request: Request) -> GitHubApp:
        if request.caller is None or request.caller.app_id is None:
            raise ApiError(401, "A JSON web token could not be decoded")
        return self._apps[request.caller.app_id]

    def _repositories(self, store: Store, installation: Installation) -> dict[str, RepositoryRecords]:
        names = installation.repositories
        return {
            records.full_name.lower(): records
            for records in store.repositories
            if records.payload["owner"]["login"].lower() == installation.owner.lower()
            and (names is None or records.payload["name"].lower() in {name.lower() for name in names})
        }

    def _payload(self, store: Store, app: GitHubApp) -> Payload:
        owner = store.find_user(app.installations[0].owner) if app.installations else None
        return payloads.github_app(
            app.slug, app.id, owner or store.viewer, created_at=_MADE_AT, permissions=app.permissions
        )

    def _installation(self, store: Store, app: GitHubApp, installation: Installation) -> Payload:
        account = store.find_user(installation.owner)
        if account is None:
            raise not_found()
        selected = installation.repositories is not None
        made = self._payload(store, app)
        return payloads.installation(made, id=installation.id, account=account, selected=selected, created_at=_MADE_AT)

    def _new_token(self, store: Store, request: Request, app: GitHubApp, installation: Installation) -> Response:
        data = request.json()
        repositories = self._repositories(store, installation)
        if data.get("repositories") is not None:
            wanted = {f"{installation.owner}/{name}".lower() for name in data["repositories"]}
            if not wanted <= repositories.keys():
                raise ApiError(422, "There is at least one repository that does not exist or is not accessible.")
            repositories = {name: repositories[name] for name in wanted}
        permissions = _granted(app, data.get("permissions"))
        expires = self._now() + self.token_seconds
        seed = f"{app.id}:{installation.id}:{len(self._tokens)}"
        token = f"ghs_{hashlib.sha256(seed.encode()).hexdigest()[:36]}"
        self._tokens[token] = (Caller(app.bot, permissions=permissions, repositories=frozenset(repositories)), expires)
        result: Payload = {
            "token": token,
            "expires_at": datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": permissions,
            "repository_selection": "all" if installation.repositories is None else "selected",
        }
        if data.get("repositories") is not None:
            result["repositories"] = [records.payload for records in repositories.values()]
        return json_response(result, 201)


def _granted(app: GitHubApp, asked: Any) -> dict[str, str]:
    """Return the permissions of a token: the App's, or the part of them that was asked for."""
    if not isinstance(asked, dict) or not asked:
        return dict(app.permissions)
    for name, level in asked.items():
        held = app.permissions.get(name)
        if held is None or level not in _LEVELS or _LEVELS.index(level) > _LEVELS.index(held):
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    return dict(asked)
