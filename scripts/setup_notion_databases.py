#!/usr/bin/env python3
"""Show or create the two Notion databases; see `--help`."""

from _program import run

run("setup_notion_databases")
