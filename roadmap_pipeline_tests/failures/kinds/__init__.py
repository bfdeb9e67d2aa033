"""Kinds of failures of many tools, by family: what each runs and prints, its category, and the line of the cause."""

from roadmap_pipeline_tests.failures.kinds import (
    building,
    further_building,
    further_provisioning,
    further_publishing,
    provisioning,
    publishing,
)
from roadmap_pipeline_tests.failures.kinds.kind import Kind

KINDS: list[Kind] = [
    *provisioning.KINDS,
    *building.KINDS,
    *publishing.KINDS,
    *further_provisioning.KINDS,
    *further_building.KINDS,
    *further_publishing.KINDS,
]
