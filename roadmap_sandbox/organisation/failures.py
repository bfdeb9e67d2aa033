"""The catalogue of causes: why jobs of the simulated organisation fail, and what their logs then say.

Belongs here: each cause with its category of the failure taxonomy and the lines the failing tool writes, in the public
wording of those tools; and which kind of job fails of what how often (lint and tests lead, then dependencies, type
checks and the platform). The log around those lines is ``logs``.
"""

import string
from collections.abc import Mapping
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
        """The lines of the failure; the same for the same ``detail`` (whole number) and repository name."""
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
    """Values for the fields of a cause's text, drawn when first asked for."""

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
    """A string of a GitHub token's form that was never one: ``ghp_`` and 36 letters and digits."""
    return "ghp_" + "".join(rng.choices(string.ascii_letters + string.digits, k=36))


CAUSES: Mapping[str, Cause] = {
    "pytest-assertion": Cause(
        "test",
        "main",
        """
=================================== FAILURES ===================================
_______________________________ test_{aspect} _______________________________

    def test_{aspect}():
        entry = build_{module}(amount={amount})
>       assert entry.total == {amount}
E       AssertionError: assert {wrong} == {amount}
E        +  where {wrong} = {Module}Entry(currency='EUR').total

tests/test_{module}.py:{line}: AssertionError
=========================== short test summary info ============================
FAILED tests/test_{module}.py::test_{aspect} - AssertionError: assert {wrong} == {amount}
1 failed, {passed} passed, 3 skipped in {seconds}.18s
""",
    ),
    "pytest-import": Cause(
        "test",
        "main",
        """
==================================== ERRORS ====================================
________________ ERROR collecting tests/test_{module}.py ________________
ImportError while importing test module '{work}/tests/test_{module}.py'.
Hint: make sure your test modules/packages have valid Python names.
tests/test_{module}.py:7: in <module>
    from {repository}.{module} import check_{aspect}
E   ImportError: cannot import name 'check_{aspect}' from '{repository}.{module}'
=========================== short test summary info ============================
ERROR tests/test_{module}.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
1 error in {small}.44s
""",
        2,
    ),
    "pytest-flaky": Cause(
        "test",
        "main",
        """
=================================== FAILURES ===================================
_____________________________ test_{module}_{aspect} _____________________________

    def test_{module}_{aspect}(worker, queue):
        queue.publish(message)
>       assert worker.wait_for(message, seconds=2)
E       assert False
E        +  where False = wait_for(<Message {module}>, seconds=2)

tests/integration/test_{module}.py:{line}: AssertionError
=========================== short test summary info ============================
FAILED tests/integration/test_{module}.py::test_{module}_{aspect} - assert False
1 failed, {passed} passed in {seconds}.07s
""",
    ),
    "pytest-coverage": Cause(
        "coverage",
        "main",
        """
---------- coverage: platform linux, python 3.12 ----------
Name                         Stmts   Miss  Cover
{repository}/{module}.py       {amount}    {line}    {percent}%
TOTAL                         8914    {number}    {percent}%
FAIL Required test coverage of 90% not reached. Total coverage: {percent}.37%
{passed} passed, 3 skipped in {seconds}.31s
""",
    ),
    "vitest-assertion": Cause(
        "test",
        "main",
        """
 \x1b[31m❯\x1b[39m src/{module}/{module}.test.ts \x1b[2m(14 tests | 1 failed)\x1b[22m {line}ms
   \x1b[31m×\x1b[39m {module} > handles {aspect}

\x1b[31m⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯\x1b[39m

\x1b[41m FAIL \x1b[49m src/{module}/{module}.test.ts > {module} > handles {aspect}
AssertionError: expected {small} to be {more} // Object.is equality

- Expected
+ Received

- {more}
+ {small}

 ❯ src/{module}/{module}.test.ts:{line}:23

 Test Files  1 failed | 74 passed (75)
      Tests  1 failed | {passed} passed
   Duration  {seconds}.52s
""",
    ),
    "jest-snapshot": Cause(
        "test",
        "main",
        """
FAIL src/{module}/{module}.snapshot.test.tsx
  ● {module} page › renders {aspect}

    expect(received).toMatchSnapshot()

    Snapshot name: `{module} page renders {aspect} 1`

    -   className="{module}-box"
    +   className="{module}-box wide"

 › 1 snapshot failed.
Snapshot Summary
 › 1 snapshot failed from 1 test suite. Inspect your code changes or run `npm test -- -u` to update them.

Test Suites: 1 failed, 74 passed, 75 total
Tests:       1 failed, {passed} passed
""",
    ),
    "playwright-timeout": Cause(
        "test",
        "main",
        """
  1) [chromium] › e2e/{module}.spec.ts:{line}:5 › {module} › survives {aspect} ─────────

    Error: expect(locator).toBeVisible() failed

    Locator: getByRole('button', {{ name: 'Continue to {module}' }})
    Expected: visible
    Timeout: 5000ms
    Error: element(s) not found

    Call log:
      - Expect "toBeVisible" with timeout 5000ms
      - waiting for getByRole('button', {{ name: 'Continue to {module}' }})

    attachment #1: screenshot (image/png) ──────────────────────────────────────────
    test-results/{module}-{aspect}-chromium/test-failed-1.png

  1 failed
    [chromium] › e2e/{module}.spec.ts:{line}:5 › {module} › survives {aspect}
  4{small} passed ({small}.4m)
""",
    ),
    "go-test": Cause(
        "test",
        "main",
        """
=== RUN   Test{Module}{Aspect}
    {module}_test.go:{line}: {aspect}: got {small} items, want {more}
--- FAIL: Test{Module}{Aspect} (0.{more}s)
FAIL
FAIL\tgithub.com/acme/{repository}/internal/{module}\t{small}.{seconds}s
FAIL
""",
    ),
    "go-race": Cause(
        "test",
        "main",
        """
==================
WARNING: DATA RACE
Write at 0x00c000{hex} by goroutine {seconds}:
  github.com/acme/{repository}/internal/{module}.(*Store).Put()
      {work}/internal/{module}/store.go:{line} +0x1e4
Previous read at 0x00c000{hex} by goroutine {more}:
  github.com/acme/{repository}/internal/{module}.(*Store).Get()
==================
    testing.go:1490: race detected during execution of test
--- FAIL: Test{Module}Concurrent{Aspect} (0.41s)
FAIL
FAIL\tgithub.com/acme/{repository}/internal/{module}\t2.118s
""",
        66,
    ),
    "cargo-test": Cause(
        "test",
        "main",
        """
test {module}::tests::{aspect} ... FAILED

failures:

---- {module}::tests::{aspect} stdout ----
thread '{module}::tests::{aspect}' panicked at agent/src/{module}.rs:{line}:9:
assertion `left == right` failed
  left: {small}
 right: {more}

test result: FAILED. {seconds} passed; 1 failed; 0 ignored; 0 measured; 0 filtered out

error: test failed, to rerun pass `-p agent --lib`
""",
        101,
    ),
    "cargo-compile": Cause(
        "compile",
        "main",
        """
\x1b[1m\x1b[31merror[E0308]\x1b[0m\x1b[1m: mismatched types\x1b[0m
   --> agent/src/{module}.rs:{line}:18
    |
{line} |     let {aspect} = config.{aspect};
    |                    ^^^^^^^ expected `Duration`, found `u64`

For more information about this error, try `rustc --explain E0308`.
error: could not compile `agent` (lib) due to 1 previous error
""",
        101,
    ),
    "go-compile": Cause(
        "compile",
        "main",
        """
# github.com/acme/{repository}/internal/{module}
internal/{module}/server.go:{line}:{column}: undefined: new{Aspect}
internal/{module}/server.go:{amount}:14: too many arguments in call to open{Module}
""",
    ),
    "bundle": Cause(
        "compile",
        "main",
        """
vite v7.2.2 building client environment for production...
transforming...
\x1b[31m✗\x1b[39m Build failed in {small}.18s
\x1b[31merror during build:\x1b[39m Module not found: Error: Can't resolve './{aspect}' in 'src/{module}'
file: {work}/src/{module}/index.ts:{more}:9
""",
    ),
    "ruff": Cause(
        "lint_format",
        "main",
        """
{repository}/{module}.py:4:1: F401 [*] `decimal.ROUND_HALF_UP` imported but unused
{repository}/{module}.py:{line}:121: E501 Line too long (131 > 120)
{repository}/{module}.py:{line}:5: F841 Local variable `{aspect}` is assigned to but never used
Found 3 errors.
[*] 1 fixable with the `--fix` option.
""",
    ),
    "ruff-format": Cause(
        "lint_format",
        "main",
        """
All checks passed!
Would reformat: {repository}/{module}.py
Would reformat: tests/test_{module}.py
2 files would be reformatted, {seconds} files already formatted
""",
        fixable=True,
    ),
    "eslint": Cause(
        "lint_format",
        "main",
        """

{work}/src/{module}/{aspect}.tsx
  {line}:7   error    '{aspect}' is assigned a value but never used   @typescript-eslint/no-unused-vars
  {amount}:3  error    React Hook useEffect has a missing dependency  react-hooks/exhaustive-deps
  {amount}:11  warning  Unexpected console statement                   no-console

\x1b[31m\x1b[1m✖ 3 problems (2 errors, 1 warning)\x1b[22m\x1b[39m
""",
    ),
    "prettier": Cause(
        "lint_format",
        "main",
        """
Checking formatting...
[warn] src/{module}/{aspect}.ts
[warn] src/{module}/index.ts
[warn] Code style issues found in 2 files. Run Prettier with --write to fix.
""",
        fixable=True,
    ),
    "golangci": Cause(
        "lint_format",
        "main",
        """
internal/{module}/{aspect}.go:{line}:2: File is not properly formatted (gofumpt)
\t{aspect} := load()
\t^
internal/{module}/{aspect}.go:{amount}:9: Error return value of `file.Close` is not checked (errcheck)
2 issues:
* errcheck: 1
* gofumpt: 1
""",
        fixable=True,
    ),
    "mypy": Cause(
        "type_check",
        "main",
        """
{repository}/{module}.py:{line}: error: Argument "{aspect}" has incompatible type "str"; expected "Decimal"  [arg-type]
{repository}/{module}.py:{amount}: error: Item "None" of "Entry | None" has no attribute "{aspect}"  [union-attr]
Found 2 errors in 1 file (checked {seconds} source files)
""",
    ),
    "tsc": Cause(
        "type_check",
        "main",
        """
src/{module}/{aspect}.ts({line},{column}): error TS2345: Argument of type 'undefined' is not assignable to 'string'.
src/{module}/index.ts({more},9): error TS2339: Property '{aspect}' does not exist on type 'State'.
""",
        2,
    ),
    "npm-eresolve": Cause(
        "dependency_install",
        "install",
        """
npm error code ERESOLVE
npm error ERESOLVE could not resolve
npm error
npm error While resolving: {npm}@{small}.2.0
npm error Found: react@19.2.0
npm error Could not resolve dependency:
npm error peer react@"^18.2.0" from {npm}
npm error Fix the upstream dependency conflict, or retry this command with --force or --legacy-peer-deps
""",
    ),
    "npm-e404": Cause(
        "dependency_install",
        "install",
        """
npm error code E404
npm error 404 Not Found - GET https://npm.pkg.github.com/{npm} - not found
npm error 404  '{npm}@^{small}.1.0' is not in this registry.
npm error 404 Note that you can also install from a tarball, folder, http url, or git folder.
""",
    ),
    "npm-lock": Cause(
        "dependency_install",
        "install",
        """
npm error code EUSAGE
npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.
npm error Missing: {locked}@{small}.{more}.1 from lock file
npm error Clean install a project
""",
    ),
    "pip-none": Cause(
        "dependency_install",
        "install",
        """
ERROR: Could not find a version that satisfies the requirement {pypi} (from versions: 1.0, 1.1)
ERROR: No matching distribution found for {pypi}
""",
    ),
    "pip-conflict": Cause(
        "dependency_install",
        "install",
        """
ERROR: Cannot install -r requirements-dev.txt (line {more}) because these package versions have \
conflicting dependencies.
The conflict is caused by:
    {pypi} depends on pydantic>={small}
    The user requested pydantic<2
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/
""",
    ),
    "go-sum": Cause(
        "dependency_install",
        "install",
        """
go: {gomod}@v0.{more}.0: missing go.sum entry for go.mod file; to add it:
\tgo mod download {gomod}
""",
    ),
    "docker-pip": Cause(
        "dependency_install",
        "main",
        """
#11 [build 5/8] RUN pip install --no-cache-dir -r requirements.txt
#11 ERROR: Could not find a version that satisfies the requirement {pypi} (from versions: 1.0, 1.1)
#11 ERROR: No matching distribution found for {pypi}
#11 ERROR: process "/bin/sh -c pip install -r requirements.txt" did not complete successfully: exit code: 1
------
ERROR: failed to build: failed to solve: process "/bin/sh -c pip install" did not complete successfully: exit code: 1
""",
    ),
    "docker-manifest": Cause(
        "registry_docker",
        "main",
        """
#3 [internal] load metadata for registry.acme.example/base/python:{tag}
#3 ERROR: registry.acme.example/base/python:{tag}: manifest unknown
------
Dockerfile:1
--------------------
   1 | >>> FROM registry.acme.example/base/python:{tag}
--------------------
ERROR: failed to build: failed to solve: registry.acme.example/base/python:{tag}: manifest unknown
""",
    ),
    "vulnerabilities": Cause(
        "security",
        "main",
        """
Found 1 known vulnerability in 1 package
Name        Version  ID                   Fix Versions
----------- -------- -------------------- ------------
cryptolib   41.0.{small}   GHSA-{hex}        42.0.1
""",
    ),
    "leaks": Cause(
        "security",
        "main",
        """
Finding:     password = REDACTED
RuleID:      generic-api-key
File:        {repository}/{module}.py
Line:        {line}

1:02PM INF {seconds} commits scanned.
1:02PM WRN leaks found: 1
""",
    ),
    "not-accessible": Cause(
        "permissions_auth",
        "main",
        """
Posting the preview address to the pull request
RequestError [HttpError]: Resource not accessible by integration - POST /repos/acme/{repository}/issues/comments
  status: 403,
##[error]Resource not accessible by integration
""",
        None,
    ),
    "push-denied": Cause(
        "permissions_auth",
        "main",
        """
Retrying with the token of the release account: {token}
remote: Permission to acme/{repository}.git denied to acme-release.
fatal: unable to access 'https://github.com/acme/{repository}/': The requested URL returned error: 403
""",
        128,
    ),
    "bad-credentials": Cause(
        "permissions_auth",
        "main",
        """
curl --header 'Authorization: Bearer {token}' https://api.github.com/user/packages
{{ "message": "Bad credentials", "status": "401" }}
##[error]Bad credentials
""",
        None,
    ),
    "missing-input": Cause(
        "workflow_config",
        "main",
        """
##[error]Input required and not supplied: {input}
""",
        None,
    ),
    "deprecated-action": Cause(
        "action_unresolved",
        "setup",
        """
##[error]This request has been automatically failed because it uses a deprecated version of `{action}`.
""",
        None,
    ),
    "unbound-variable": Cause(
        "script_error",
        "main",
        """
tools/common.sh: line {line}: {variable}: unbound variable
""",
    ),
    "command-not-found": Cause(
        "script_error",
        "main",
        """
/home/runner/work/_temp/{hex}.sh: line {small}: {tool}: command not found
""",
        127,
    ),
    "title": Cause(
        "policy_gate",
        "main",
        """
##[error]No release type found in pull request title "{title}". Add a prefix to say what kind of release this is.
""",
        None,
    ),
    "gate": Cause(
        "policy_gate",
        "main",
        """
Not all required jobs passed:
  see the table in the summary
All required jobs must be green to merge.
""",
    ),
    "no-artifact": Cause(
        "artifact_cache",
        "download",
        """
##[error]Unable to download artifact(s): Artifact not found for name: dist
""",
        None,
    ),
    "npm-reset": Cause(
        "network",
        "install",
        """
npm error code ECONNRESET
npm error syscall read
npm error errno ECONNRESET
npm error network Invalid response body while trying to fetch https://registry.npmjs.org/{fetched}: aborted
npm error network This is a problem related to network connectivity.
""",
    ),
    "pip-timeout": Cause(
        "network",
        "install",
        """
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None)) after connection broken
pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='files.pythonhosted.org', port=443): \
Read timed out.
""",
        2,
    ),
    "go-proxy": Cause(
        "network",
        "install",
        """
go: {gomod}@v0.{more}.1: Get "https://proxy.golang.org/{gomod}/@v/list": \
dial tcp 142.250.{seconds}.{more}:443: i/o timeout
""",
    ),
    "bad-gateway": Cause(
        "network",
        "main",
        """
Uploading the bundle (attempt 3 of 3)
error: PUT https://uploads.acme.example/preview failed with status 502 Bad Gateway
""",
    ),
    "pull-limit": Cause(
        "rate_limit",
        "services",
        """
 {image} Pulling
Error response from daemon: toomanyrequests: You have reached your pull rate limit. \
You may increase the limit by authenticating and upgrading.
""",
        18,
    ),
    "api-limit": Cause(
        "rate_limit",
        "main",
        """
##[error]API rate limit exceeded for installation ID {number}.
""",
        None,
    ),
    "js-heap": Cause(
        "out_of_memory",
        "main",
        """
<--- Last few GCs --->
[{number}:0x7f{hex}]   {seconds}123 ms: Mark-Compact 4043.2 (4130.1) -> 4029.8 MB
FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory
Aborted (core dumped)
""",
        134,
    ),
    "killed": Cause(
        "out_of_memory",
        "main",
        """
/home/runner/work/_temp/{hex}.sh: line 1: {number} Killed
""",
        137,
    ),
    "disk-full": Cause(
        "disk_full",
        "main",
        """
write /var/lib/docker/overlay2/{hex}/layer.tar: no space left on device
""",
    ),
    "too-long": Cause(
        "timeout",
        "main",
        """
##[error]The job has exceeded the maximum execution time of 6h0m0s
""",
        None,
    ),
    "over-limit": Cause(
        "timeout",
        "main",
        """
##[error]The job has exceeded the maximum execution time of 45m0s
""",
        None,
    ),
    "step-too-long": Cause(
        "timeout",
        "services",
        """
##[error]The action 'Start services' has timed out after 10 minutes.
""",
        None,
    ),
    "shutdown": Cause(
        "runner_lost",
        "main",
        """
##[error]The runner has received a shutdown signal. This can happen when the runner service is stopped, \
or a manually started runner is canceled.
""",
        None,
    ),
    "lost": Cause(
        "runner_lost",
        "main",
        "",
        None,
    ),
    "unhealthy": Cause(
        "service_startup",
        "services",
        """
 Container {repository}-{service}-1  Started
 Container {repository}-{service}-1  Waiting
dependency failed to start: container {repository}-{service}-1 is unhealthy
""",
    ),
    "browser": Cause(
        "service_startup",
        "main",
        """
Error: browserType.launch: Target page, context or browser has been closed
Browser logs:

<launching> /home/runner/.cache/ms-playwright/chromium_headless_shell-1208/headless_shell --headless
<launched> pid={number}
[err] Failed to connect to the bus: Could not parse server address
[err] Check failed: the browser process exited before it was ready
  - <process did exit: exitCode=null, signal=SIGTRAP>
    at {work}/e2e/fixtures.ts:{line}:31
  1{small} failed
  0 passed (41.2s)
""",
    ),
    "cluster-down": Cause(
        "service_startup",
        "main",
        """
Creating cluster "night" ...
 ✗ Starting control-plane
ERROR: failed to create cluster: container "night-control-plane" is unhealthy
""",
    ),
    "github-down": Cause(
        "github_service",
        "checkout",
        """
##[error]We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request.
""",
        None,
    ),
    "no-ref": Cause(
        "git_checkout",
        "checkout",
        """
fatal: couldn't find remote ref refs/pull/{number}/merge
##[error]The process '/usr/bin/git' failed with exit code 128
""",
        None,
    ),
    "tells-nothing": Cause(
        "unknown",
        "main",
        """
step 4 of 9 done
step 5 of 9 ended after {seconds} s
""",
    ),
    "budget": Cause(
        "coverage",
        "main",
        """
p95 of /charge: {passed} ms, budget 350 ms
performance budget not met: 1 of 6 routes over budget
""",
    ),
}

Weights = Mapping[str, int]

DEFECTS: Mapping[str, Weights] = {
    "pytest": {"pytest-assertion": 10, "pytest-import": 3, "pytest-coverage": 2, "pip-none": 2, "pip-conflict": 2},
    "integration": {"pytest-assertion": 8, "pip-none": 1},
    "image": {"docker-pip": 3, "docker-manifest": 2, "command-not-found": 1, "deprecated-action": 1},
    "ruff": {"ruff": 7, "ruff-format": 9},
    "mypy": {"mypy": 1},
    "load": {"budget": 3, "unbound-variable": 1},
    "pip-audit": {"vulnerabilities": 1},
    "publish": {"bad-credentials": 2, "push-denied": 2},
    "script": {"unbound-variable": 1},
    "vitest": {"vitest-assertion": 8, "jest-snapshot": 4, "npm-lock": 2, "npm-eresolve": 2, "npm-e404": 1},
    "webbuild": {"bundle": 6, "npm-eresolve": 1},
    "e2e": {"playwright-timeout": 1},
    "eslint": {"eslint": 6, "prettier": 9},
    "tsc": {"tsc": 1},
    "deploy": {"not-accessible": 2, "push-denied": 1, "missing-input": 1},
    "gobuild": {"go-compile": 5, "go-sum": 2},
    "go": {"go-test": 1},
    "cargo": {"cargo-compile": 3, "cargo-test": 4},
    "golangci": {"golangci": 1},
    "kind": {"go-test": 1},
    "terraform": {"unbound-variable": 2, "missing-input": 1},
    "title": {"title": 1},
    "leaks": {"leaks": 1},
}
"""What a change breaks: by the job's kind, how often which cause."""

_ANYWHERE: Weights = {"lost": 2, "shutdown": 2, "github-down": 2, "no-ref": 1, "tells-nothing": 2}
_PY: Weights = {"pip-timeout": 5, **_ANYWHERE}
_JS: Weights = {"npm-reset": 6, "js-heap": 2, **_ANYWHERE}
_GO: Weights = {"go-proxy": 5, "killed": 2, **_ANYWHERE}
TRANSIENT: Mapping[str, Weights] = {
    "pytest": {**_PY, "killed": 2},
    "integration": {"pytest-flaky": 34, "unhealthy": 10, "pull-limit": 8, "step-too-long": 4, **_PY},
    "image": {"disk-full": 3, "docker-manifest": 2, **_ANYWHERE},
    "ruff": _PY,
    "mypy": {"killed": 1, **_PY},
    "load": {"budget": 6, "unhealthy": 4, "killed": 3, **_PY},
    "pip-audit": _PY,
    "publish": {"no-artifact": 3, "bad-gateway": 4, **_ANYWHERE},
    "script": {"bad-gateway": 3, **_ANYWHERE},
    "vitest": _JS,
    "webbuild": {"js-heap": 5, **_JS},
    "e2e": {"playwright-timeout": 58, "browser": 11, **_JS},
    "eslint": _JS,
    "tsc": _JS,
    "deploy": {"bad-gateway": 5, "api-limit": 3, "no-artifact": 2, **_ANYWHERE},
    "gobuild": _GO,
    "go": {"go-race": 20, **_GO},
    "cargo": {"bad-gateway": 2, **_ANYWHERE},
    "golangci": _GO,
    "kind": {"cluster-down": 8, "go-race": 6, "pull-limit": 3, **_GO},
    "terraform": {"api-limit": 3, "bad-gateway": 2, **_ANYWHERE},
    "title": _ANYWHERE,
    "leaks": _ANYWHERE,
}
"""What comes and goes without a change: by the job's kind, how often which cause."""

RECURRING = frozenset({"playwright-timeout", "pytest-flaky", "go-race", "budget"})
"""Causes with few different details: the same handful of tests is flaky again and again."""


def draw(rng: Random, weights: Weights) -> str:
    """One of the causes by its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
