"""Reads the summary of a second `roadmap run --json` and fails unless it wrote nothing outside."""

import json
import sys

summary = json.loads(sys.stdin.read().strip().splitlines()[-1])
print(f"writes in the second run: {summary['writes']}, {summary['seconds']:.1f} s")
sys.exit(any(summary["writes"].values()))
