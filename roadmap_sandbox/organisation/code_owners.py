"""The CODEOWNERS of the simulated organisation; the platform has none."""

from .people import AMARA, FREJA, ORGANISATION

_PAYMENTS = f"""\
# Who is asked to review what. The last line that matches counts.
*                     @{ORGANISATION.login}/payments-team
/tests/               @{AMARA.login}
/.github/workflows/   @{ORGANISATION.login}/platform-team
/docs/diagrams/
"""
_STOREFRONT = f"""\
*                     @{ORGANISATION.login}/storefront-team
*.spec.ts             @{FREJA.login} @{ORGANISATION.login}/storefront-team
"""

FILES: dict[str, dict[str, str]] = {
    "payments": {".github/CODEOWNERS": _PAYMENTS},
    "storefront": {"CODEOWNERS": _STOREFRONT},
}
"""Texts by path, by the repository's name; each has its file at another of GitHub's places."""
