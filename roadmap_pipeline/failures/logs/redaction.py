"""Replacing secrets in text that is kept or shown.

Belongs here: the shapes of credentials. GitHub masks the secrets it knows in logs; this catches the ones it doesn't.
Line breaks are kept, so that line numbers stay true.
"""

import re
from dataclasses import dataclass

from roadmap_pipeline.failures.patterns import compile_literal, compile_pattern

PLACEHOLDER = "[redacted]"


@dataclass(frozen=True, slots=True)
class Redacted:
    """Text without secrets, and how many were replaced."""

    text: str
    count: int


# (pattern, what stands in its place); a group named secret is replaced alone, else the whole match is.
_SHAPES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?P<secret>[\s\S]{0,20000}?)"
        r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
        r"\bgh[pousr]_[A-Za-z0-9]{20,255}\b",
        r"\bgithub_pat_[A-Za-z0-9_]{20,255}\b",
        r"\bghs_[A-Za-z0-9._-]{20,}",
        r"\bglpat-[A-Za-z0-9_-]{20,}",
        r"\b(?:secret_[A-Za-z0-9]{40,50}|ntn_[A-Za-z0-9]{40,60})\b",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        r"\bxapp-\d-[A-Za-z0-9-]{10,}",
        r"https://hooks\.slack\.com/(?P<secret>(?:services|workflows)/[A-Za-z0-9/_-]{10,})",
        r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/(?P<secret>\d+/[A-Za-z0-9_-]{20,})",
        r"\b(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}\b",
        r"(?i)\baws_?(?:secret_?access_?key|session_?token|security_?token)\b[\"']?\s*[:=]\s*[\"']?"
        r"(?P<secret>[A-Za-z0-9/+=]{16,})",
        r"\bAIza[0-9A-Za-z_-]{35}",
        r"\bya29\.[0-9A-Za-z_-]{20,}",
        r"\bGOCSPX-[0-9A-Za-z_-]{20,}",
        r"(?i)\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=(?P<secret>[A-Za-z0-9+/=%&-]{16,})",
        r"(?i)[?&](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|access_token|api_key|token)="
        r"(?P<secret>[A-Za-z0-9%+/=_.-]{8,})",
        r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}",
        r"\bnpm_[A-Za-z0-9]{30,}\b",
        r"(?i)//[^\s/]+/:_(?:authToken|auth|password)\s*=\s*(?P<secret>[^\s\"']+)",
        r"\bpypi-[A-Za-z0-9_-]{40,}",
        r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",
        r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,}",
        r"\bhf_[A-Za-z0-9]{30,}\b",
        r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
        r"\bdop_v1_[a-f0-9]{40,}",
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        r"\bhv[sb]\.[A-Za-z0-9_-]{20,}",
        r"\brubygems_[a-f0-9]{40,}",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{0,}",
        r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,100}:(?P<secret>[^\s@/'\"]{1,200})@",
        r"(?i)\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token|digest|negotiate|aws4-hmac-sha256)"
        r"\s+)?(?P<secret>[^\s\"',;]{6,}[^\"'\n]{0,400})",
        r"(?i)\bbearer\s+(?P<secret>[A-Za-z0-9_~+/.=-]{16,})",
        r"(?i)\b(?:set-)?cookie:\s*(?P<secret>\S[^\n]{3,})",
        r"(?i)(?<![A-Za-z0-9])[\w.-]{0,40}?(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|"
        r"private[_-]?key|client[_-]?secret|credentials?)[\"']?\s*(?:=|:(?!:)|=>)\s*"
        r"(?P<secret>\"[^\"\n]{4,}\"|'[^'\n]{4,}'|(?=[^\s\"',;]*[0-9])[^\s\"',;(){}\[\]<>]{8,})",
        r"(?i)(?:password|passwd|passphrase|pwd)[\"']?\s*(?:=|:(?!:))\s*(?P<secret>[^\s\"',;(){}\[\]<>]{4,})",
        r"(?i)\s--?(?:password|passwd|token|secret|api-?key)[ =](?P<secret>[^\s\"'-][^\s\"']{5,})",
    )
)
# What GitHub or somebody else has masked already, and what names a secret without being one.
_HARMLESS = re.compile(
    r"\A[\"']?(?:\*{3,}|\[redacted\]|<[\w -]+>|\$\{?\{?.*|%\w+%|x{4,}|none|null|true|false|undefined|required|missing|"
    r"invalid|expired|empty|unset)[\"']?\Z",
    re.IGNORECASE,
)
# One cheap look decides for most lines that there is nothing to replace.
_HINT = compile_pattern(
    r"(?i)BEGIN |gh[pousr]_|github_pat|glpat|secret|ntn_|xox|xapp-|hooks\.slack|discord|A[KSRIGNBC][IODPVAC]A|aws_|"
    r"AIza|ya29|GOCSPX|AccountKey|SharedAccess|sig=|signature=|token|8Q~|npm_|:_auth|_password|pypi-|[srp]k[_-]|hf_|dckr_|"
    r"dop_v1|SG\.|hv[sb]\.|rubygems_|eyJ|://[^\s@]*@|authorization|bearer|cookie|passw|passphrase|pwd|key|credential"
)
_KEY = compile_literal(b"PRIVATE KEY")
_KEY_ENDS = b"-----END"
_LONGEST_KEY = 200


def without_keys(log: bytes, *, ended: bool) -> tuple[bytes, int]:
    """Return a log without private keys, and how many whole ones it held.

    ``ended``: nothing of the log is still to come.

    A key is a secret as a whole, whichever of its lines are kept: each is replaced, in a key that is still to end all
    but the one that opens it.
    """
    pieces: list[bytes] = []
    reached = count = 0
    for match in _KEY.finditer(log):
        start = log.rfind(b"\n", 0, match.start()) + 1
        end = log.find(b"\n", match.start())
        if match.start() < reached or end < 0 or b"-----BEGIN" not in log[start:end] or _KEY_ENDS in log[start:end]:
            continue
        pieces.append(log[reached:start])
        first = len(pieces)
        pieces.append(log[start : end + 1])
        reached = end + 1
        is_whole = False
        for _ in range(_LONGEST_KEY):
            if reached >= len(log):
                break
            newline = log.find(b"\n", reached)
            end = len(log) if newline < 0 else newline
            is_whole = log.find(_KEY_ENDS, reached, end) >= 0
            pieces.append(PLACEHOLDER.encode() + log[end : end + 1])
            reached = end + 1
            if is_whole:
                break
        if is_whole or ended or reached < len(log):
            pieces[first] = PLACEHOLDER.encode() + b"\n"
            count += 1
    return b"".join((*pieces, log[reached:])) if pieces else log, count


def may_hold_secrets(text: str) -> bool:
    """Return whether one look at a text says that it may hold secrets: where it is false, it holds none."""
    return _HINT.search(text.encode("utf-8", "replace")) is not None


def redact(text: str) -> Redacted:
    """Replace secrets in ``text`` by ``[redacted]``. Redacting twice replaces nothing more."""
    if not may_hold_secrets(text):
        return Redacted(text, 0)
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        whole = match[0]
        start, end = match.span("secret") if "secret" in match.re.groupindex else match.span()
        secret = match.string[start:end]
        if not secret.strip() or _HARMLESS.match(secret.strip()) or PLACEHOLDER in secret:
            return whole
        count += 1
        kept = PLACEHOLDER + "\n" * secret.count("\n")
        return whole[: start - match.start()] + kept + whole[end - match.start() :]

    before = -1
    while count != before:  # what replaced one secret may uncover the beginning of another
        before = count
        for shape in _SHAPES:
            text = shape.sub(replace, text)
    return Redacted(text, count)


_NAMED_SECRET = re.compile(
    r'(?i)("[^"\\]*(?:token|secret|password|authorization|private_key|api_key|signature)[^"\\]*"\s*:\s*")'
    r'(?:[^"\\]|\\.)*'
)
_ADDRESS_QUERY = re.compile(r"(?<=\?)[^\s\"'<>)]{8,}")
_MOST_RESPONSE_CHARS = 600
_READ_RESPONSE_CHARS = 8_000


def shown_response(body: str) -> str:
    """Return the beginning of a JSON response on one line, for a log: without secrets and without queries of addresses.

    Secrets are known by their shape, and in fields that are named after one.
    """
    # More than is shown, so that no secret is cut in two before it could be recognised.
    text = _NAMED_SECRET.sub(rf"\g<1>{PLACEHOLDER}", body[:_READ_RESPONSE_CHARS])
    text = _ADDRESS_QUERY.sub("…", redact(text).text)
    text = " ".join(text.split())
    return text if len(text) <= _MOST_RESPONSE_CHARS else f"{text[:_MOST_RESPONSE_CHARS]}…"
