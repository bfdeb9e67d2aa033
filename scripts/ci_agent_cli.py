#!/usr/bin/env python3
"""Report on CI, and publish the report and the roadmap; see `--help`."""

from _program import run

run("ci_agent_cli")
