"""A cause of failure, and the details that make each of its logs differ from the next.

Belongs here: the form. The causes themselves are in the modules beside this one.
"""

import string
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of failure. ``role`` names the step that fails (``main`` where a job has no such step).

    ``text`` is what the tool writes, with the fields of :class:`Details` in braces. ``exit_code`` None: the step ends
    with an ``##[error]`` of its own in the text instead of an exit code.
    """

    category: str
    role: str
    text: str
    exit_code: int | None = 1
    fixable: bool = False
    """An app can repair it: formatting and the like."""

    def lines(self, detail: int, repository: str) -> list[str]:
        """Return the lines of the failure; the same for the same ``detail`` (whole number) and repository name."""
        return self.text.strip("\n").format_map(Details(Random(detail), repository)).split("\n")  # noqa: S311


_MODULES = {
    "payments": ("ledger", "settlement", "refunds", "webhooks", "fx_rates", "payouts", "disputes"),
    "storefront": ("cart", "checkout", "search", "catalogue", "account", "shipping", "vouchers"),
    "platform": ("scheduler", "registry", "quota", "ingress", "secrets", "telemetry", "autoscaler"),
}


_CHOICES = {
    "aspect": ("rounding", "retry", "timeouts", "ordering", "limits", "defaults", "idempotency", "empty_input"),
    "npm": ("@acme/forms", "@acme/tables", "@acme/icons"),
    "locked": ("vite", "zod", "msw", "postcss"),
    "fetched": ("rollup", "sharp", "esbuild"),
    "pypi": ("acme-money>=4.2", "iso-tables>=2.9", "ledger-proto>=0.31"),
    "gomod": ("golang.org/x/crypto", "google.golang.org/grpc", "k8s.io/client-go"),
    "tag": ("3.12-slim-acme", "3.13-slim-acme", "3.13-trixie-acme"),
    "input": ("cluster", "environment", "role-to-assume"),
    "action": ("actions/upload-artifact: v3", "actions/cache: v2"),
    "variable": ("RELEASE_CHANNEL", "SLACK_TOPIC", "CLUSTER_ZONE"),
    "tool": ("jq", "yq", "kustomize", "gsutil"),
    "title": ("wip", "Fixes", "more quota things", "try again"),
    "image": ("postgres:17", "redis:8", "rabbitmq:4"),
    "service": ("postgres", "kafka", "redis"),
}


_NUMBERS = {
    "line": (8, 300),
    "column": (2, 40),
    "small": (2, 9),
    "more": (10, 20),
    "seconds": (20, 190),
    "passed": (380, 690),
    "amount": (90, 4000),
    "wrong": (4000, 8000),
    "percent": (81, 90),
    "number": (1_000, 10_000),
}


class Details(dict[str, str]):
    """The values for the fields of a cause's text, drawn when first asked for."""

    def __init__(self, rng: Random, repository: str) -> None:
        super().__init__(repository=repository, work=f"/home/runner/work/{repository}/{repository}")
        self._rng = rng

    def __missing__(self, name: str) -> str:
        if name == "module":
            value = self._rng.choice(_MODULES[self["repository"]])
        elif name in ("Module", "Aspect"):
            value = self[name.lower()].title().replace("_", "")
        elif name == "hex":
            value = f"{self._rng.randrange(16**8):08x}"
        elif name == "token":
            value = fake_token(self._rng)
        elif name in _NUMBERS:
            value = str(self._rng.randrange(*_NUMBERS[name]))
        else:
            value = self._rng.choice(_CHOICES[name])
        self[name] = value
        return value


def fake_token(rng: Random) -> str:
    """Return a string of a GitHub token's form that was never one: ``ghp_`` and 36 letters and digits."""
    return "ghp_" + "".join(rng.choices(string.ascii_letters + string.digits, k=36))
