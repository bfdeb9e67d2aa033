"""The command line: ``roadmap …``."""

from roadmap_pipeline.cli.app import main

__all__ = ["main"]
