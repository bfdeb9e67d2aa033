#!/usr/bin/env python3
"""Bring Notion's rows and GitHub's milestones in step; see `--help`."""

from _program import run

run("notion_two_way_sync")
