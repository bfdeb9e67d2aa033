"""Look for known vulnerabilities in what the project is pinned to; says so when that can't be looked up.

Ends with 0 when none is known, 1 when there are some, 2 when not everything could be checked.
"""

import json
import subprocess
import sys
from pathlib import Path

_PINNED = ("constraints.txt", "constraints-dbt.txt", "constraints-lake.txt")


def audit(name: str) -> tuple[list[str], list[str]]:
    """Return the vulnerabilities of the packages that a file pins, and what could not be looked up and why.

    A package that PyPI's mirror has no such data for is skipped by pip-audit, which then ends as if all were well.
    """
    program = Path(sys.executable).with_name("pip-audit")
    # what is pinned is the whole environment: nothing is resolved, nothing installed
    words = [str(program), "--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json", "-r", name]
    ended = subprocess.run(words, check=False, capture_output=True, text=True)  # noqa: S603 - no shell
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        return [], [(ended.stderr.strip().splitlines() or ["pip-audit gave no answer"])[-1]]
    known = [
        f"{package['name']} {package['version']}: {one['id']}, fixed in {', '.join(one['fix_versions']) or '-'}"
        for package in packages
        for one in package.get("vulns", ())
    ]
    return known, [package["skip_reason"] for package in packages if "skip_reason" in package]


def main() -> int:
    """Audit every file of pinned packages."""
    codes = []
    for name in _PINNED:
        known, unchecked = audit(name)
        for line in known:
            print(f"{name}: {line}")
        if unchecked:
            print(f"{name}: NOT CHECKED: {len(unchecked)} ({unchecked[0]}); it needs pypi.org itself", file=sys.stderr)
        elif not known:
            print(f"{name}: no known vulnerability")
        codes.append(1 if known else 2 if unchecked else 0)
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
