"""Dependencies and base images that can not be resolved or do not exist."""

from collections.abc import Mapping

from .cause import Cause

CAUSES: Mapping[str, Cause] = {
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
}
