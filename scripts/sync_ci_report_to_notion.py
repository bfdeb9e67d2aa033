#!/usr/bin/env python3
"""Bring the weekly report and the roadmap into Notion; see `--help`."""

from _program import run

run("sync_ci_report_to_notion")
