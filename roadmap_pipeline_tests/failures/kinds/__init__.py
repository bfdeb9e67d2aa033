"""Kinds of failures of many tools, a file a family: what each runs and prints, its category, the line of the cause."""

from roadmap_pipeline_tests.failures.kinds import (
    ansible,
    archives,
    gates,
    identity_tokens,
    kubernetes,
    links,
    local_ports,
    merges,
    releases,
    scanners,
    signing,
    solvers,
    terraform,
    translations,
    wrappers,
)
from roadmap_pipeline_tests.failures.kinds.kind import Kind

KINDS: list[Kind] = [
    *terraform.KINDS,
    *ansible.KINDS,
    *kubernetes.KINDS,
    *signing.KINDS,
    *solvers.KINDS,
    *wrappers.KINDS,
    *scanners.KINDS,
    *identity_tokens.KINDS,
    *archives.KINDS,
    *gates.KINDS,
    *releases.KINDS,
    *links.KINDS,
    *translations.KINDS,
    *merges.KINDS,
    *local_ports.KINDS,
]
