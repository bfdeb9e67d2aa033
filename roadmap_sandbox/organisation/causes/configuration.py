"""Causes around the code: secrets and rights, workflow files, scripts, gates, artifacts."""

from collections.abc import Mapping

from .cause import Cause

CAUSES: Mapping[str, Cause] = {
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
}
