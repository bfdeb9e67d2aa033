"""Causes from outside: network, limits, memory and disks, runners, services. And one whose log tells nothing."""

from collections.abc import Mapping

from .cause import Cause

CAUSES: Mapping[str, Cause] = {
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
