"""GitHub history to CI intelligence and a living roadmap.

Data flows one way: sources → ``raw`` → ``staging`` → ``intermediate`` → ``marts`` → ``publish`` (what Notion and
GitHub should say, as tables) → plan → apply. Each folder below is one room of that house; ``orchestration`` and
``definitions`` are the only places that import Dagster, so that everything else runs, and is tested, without it.
"""
