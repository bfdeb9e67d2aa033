#!/usr/bin/env python3
"""Print the roadmap report of a quarter; see `--help`."""

from _program import run

run("generate_quarterly_roadmap_report")
