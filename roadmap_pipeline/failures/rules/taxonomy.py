"""The failure taxonomy: one category for every failed job, each in one domain.

Belongs here: names, domains, descriptions, and whether running again can help by itself. How a log is judged belongs to
:mod:`roadmap_pipeline.failures.rules` and :mod:`roadmap_pipeline.failures.classifier`. Flaky, pre-existing and
superseded are flags of the SQL models, not categories.
"""

from collections.abc import Mapping
from dataclasses import dataclass

UNKNOWN = "unknown"
"""Category and domain of a failure whose cause is not recognised."""


@dataclass(frozen=True, slots=True)
class Category:
    """A leaf of the taxonomy. ``domain`` is code, pipeline, platform or unknown."""

    name: str
    domain: str
    description: str
    retryable: bool = False


_CATEGORIES = (
    Category("compile", "code", "Compiler, linker, bundler or a documentation build rejects the project's sources."),
    Category("test", "code", "The tests ran, and at least one failed, errored or crashed."),
    Category("type_check", "code", "A static type checker rejects the sources."),
    Category(
        "lint_format", "code", "Linter, formatter, spelling, links, commit messages, or generated files that drift."
    ),
    Category("security", "code", "A scan for vulnerabilities, secrets or licences found something."),
    Category("coverage", "code", "A coverage, bundle-size or performance budget is not met."),
    Category("workflow_config", "pipeline", "The workflow, its inputs or its expressions are wrong."),
    Category("action_unresolved", "pipeline", "An action or its version can't be found, or GitHub refuses it."),
    Category("script_error", "pipeline", "A step's own script breaks: missing command or path, unhandled exception."),
    Category("permissions_auth", "pipeline", "Credentials are missing or refused, or a right is lacking."),
    Category(
        "policy_gate", "pipeline", "A check that exists to say no: labels, title, agreement, approvals, other jobs."
    ),
    Category("dependency_install", "platform", "A package or tool can't be resolved, downloaded or installed."),
    Category("network", "platform", "A third party could not be reached or answered with an error.", retryable=True),
    Category("registry_docker", "platform", "A container image could not be built, pulled or pushed.", retryable=True),
    Category("rate_limit", "platform", "A quota of an API, a registry or a download is used up.", retryable=True),
    Category(
        "runner_lost", "platform", "The runner was shut down, lost contact or never took the job.", retryable=True
    ),
    Category("out_of_memory", "platform", "Memory ran out, of the machine, the process or the GPU."),
    Category("disk_full", "platform", "No space left on the disk."),
    Category("timeout", "platform", "A job, step or command exceeded its time limit.", retryable=True),
    Category("artifact_cache", "platform", "An artifact or a cache could not be stored or fetched.", retryable=True),
    Category("git_checkout", "platform", "Checkout, fetch, submodule, merge or reference trouble."),
    Category(
        "service_startup", "platform", "A database, browser, emulator or container did not start.", retryable=True
    ),
    Category("github_service", "platform", "GitHub itself answered with an error or was down.", retryable=True),
    Category(UNKNOWN, UNKNOWN, "The log does not tell."),
)

CATEGORIES: Mapping[str, Category] = {category.name: category for category in _CATEGORIES}
"""All categories by name, in the order of the taxonomy."""


def domain_of(category: str) -> str:
    """Return the domain of a category: code, pipeline, platform or unknown.

    Raises ``KeyError`` for a name that isn't one.
    """
    return CATEGORIES[category].domain
