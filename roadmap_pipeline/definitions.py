"""The code location that ``workspace.yaml`` and ``pyproject.toml`` name; it is put together in ``orchestration``."""

from roadmap_pipeline.orchestration.build import build_definitions

defs = build_definitions()
