"""Secrets of every kind, built here so that no scanner takes the file for a leak, and the search for them in outputs.

Belongs here: what is planted, and in how many disguises it is searched for. Where it is planted belongs to the tests.
"""

import base64
import binascii
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from itertools import pairwise

_ALPHABET = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xYcZ"
_SHORTEST_PIECE = 12


def _random(seed: int, length: int, alphabet: str = _ALPHABET) -> str:
    """Return a text that no other seed has, the same at every call."""
    state = seed * 2_654_435_761 % 2**32 or 1
    letters = []
    for _ in range(length):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        letters.append(alphabet[(state >> 8) % len(alphabet)])
    return "".join(letters)


def _pem(seed: int, kind: str = "RSA ") -> str:
    body = "\n".join(_random(seed + line, 64) for line in range(6))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


GITHUB_TOKEN = "ghp_" + _random(1, 36)
NOTION_KEY = "ntn_" + _random(2, 46)

IN_LOGS: Mapping[str, tuple[str, str]] = {
    "github classic": ("fatal: could not use {}", "ghp_" + _random(11, 36)),
    "github server": ("with credentials {} of the runner", "ghs_" + _random(12, 36)),
    "github fine-grained": ("GH_TOKEN={}", "github_pat_" + _random(13, 22) + "_" + _random(14, 59)),
    "gitlab": ("clone with {}", "glpat-" + _random(15, 20)),
    "aws key id": ("InvalidAccessKeyId {} unknown", "AKIA" + _random(16, 16, "ABCDEFGHJKLMNPQRSTUVWXYZ234567")),
    "aws secret": ("AWS_SECRET_ACCESS_KEY: {}", _random(17, 40)),
    "slack bot": ("chat.postMessage with {}", "xoxb-" + "123456789012-" + _random(18, 24)),
    "slack hook": ("POST https://hooks.slack.com/services/{} answered 404", "T0000/B0000/" + _random(19, 24)),
    "jwt": ("claims of {} expired", "eyJ" + _random(20, 17) + "." + _random(21, 40) + "." + _random(22, 43)),
    "url password": ("fetch https://ci:{}@git.example/acme/site.git failed", _random(23, 20)),
    "url token": ("fetch https://{}@git.example/acme/site.git failed", _random(24, 40)),
    "npm": ("npm notice using {}", "npm_" + _random(25, 36)),
    "npmrc": ("//registry.example/:_authToken={}", _random(26, 36)),
    "google api key": ("API key {} not valid", "AIza" + _random(27, 35)),
    "azure storage": ("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={};", _random(28, 86) + "=="),
    "azure service bus": ("Endpoint=sb://acme;SharedAccessKeyName=Root;SharedAccessKey={}", _random(29, 43) + "="),
    "azure signature": ("GET https://acme.blob.example/c?sv=2024&sig={}&se=2026", _random(30, 40) + "%3D"),
    "bearer": ("> authorization: Bearer {}", _random(31, 40)),
    "basic": ("http.https://git.example/.extraheader AUTHORIZATION: basic {}", _random(32, 60)),
    "password": ("psql: DB_PASSWORD={} was refused", _random(33, 16)),
    "password in json": ('{{"user": "ci", "password": "{}"}}', _random(34, 20)),
    "stripe": ("charge with {}", "sk_live_" + _random(35, 24)),
    "pypi": ("twine upload -u __token__ -p {}", "pypi-" + _random(36, 80)),
    "docker": ("docker login with {}", "dckr_pat_" + _random(37, 27)),
    "notion": ("sync with {}", "ntn_" + _random(38, 46)),
    "pem on one line": ("key is {}", _pem(40).replace("\n", "\\n")),
    "pem": ("{}", _pem(50)),
    "openssh": ("{}", _pem(60, "OPENSSH ")),
}
"""By kind: a line of a log, and the secret in it (several lines for keys)."""


def log_lines() -> Iterator[str]:
    """Yield the lines of a log that tells every secret: plain, base64-encoded, URL-encoded and in colours."""
    for line, secret in IN_LOGS.values():
        yield from line.format(secret).split("\n")
    whole = {kind: secret for kind, (_, secret) in IN_LOGS.items()}
    for kind in ("github classic", "github server", "github fine-grained", "pem", "pem on one line"):
        encoded = base64.b64encode(whole[kind].encode()).decode()
        yield f"apiVersion: v1 data: {encoded}"
    for kind in ("jwt", "github classic", "slack bot"):
        yield f"GET https://ci.example/?access_token={urllib.parse.quote(whole[kind], safe='')}&x=1"
    for kind in ("github classic", "npm", "google api key"):
        yield f"rejected \x1b[31m{whole[kind]}\x1b[0m here"
        half = len(whole[kind]) // 2
        yield f"rejected \x1b[1m{whole[kind][:half]}\x1b[0m{whole[kind][half:]} in colours"


def needles(secret: str) -> set[str]:
    """Return what gives a secret away: its lines as they are, encoded in base64 at any offset, for URLs, and in hex."""
    pieces = {line for line in re.split(r"\\n|\n", secret) if len(line) >= _SHORTEST_PIECE and "-----" not in line}
    found = set()
    for piece in pieces:
        raw = piece.encode()
        found |= {piece, urllib.parse.quote(piece, safe=""), binascii.hexlify(raw).decode(), piece[::-1]}
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + raw).decode()
            # the characters that neighbours share are left out
            found.add(whole[(0, 2, 3)[shift] : len(whole) - 4])
        found.add(base64.urlsafe_b64encode(raw).decode()[: 4 * (len(raw) // 3)])
    return {needle for needle in found if len(needle) >= _SHORTEST_PIECE}


def leaks(text: str, secrets: Mapping[str, str]) -> list[str]:
    """Return the kinds of secrets that ``text`` gives away, also where a line end or a column's edge cuts them."""
    joined = re.sub(r"\\n|\\r|[\s\\]|\x1b\[[0-9;]*m", "", text)
    return [
        f"{kind}: …{joined[max(0, joined.find(needle) - 60) : joined.find(needle) + 20]!r}"
        for kind, secret in secrets.items()
        for needle in needles(secret)
        if needle in text or re.sub(r"\s", "", needle) in joined
    ]


def everything_planted() -> dict[str, str]:
    """Return every secret of logs by kind."""
    secrets = {kind: secret for kind, (_, secret) in IN_LOGS.items()}
    assert all(first != second for first, second in pairwise(sorted(secrets.values())))
    return secrets
