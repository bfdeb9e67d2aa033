"""The commands of ``roadmap``, one file a group.

Thin: each parses, calls what the assets call (:mod:`roadmap_pipeline.pipeline`), prints. Every import beyond the light
ones is inside a command, so that ``roadmap status`` answers at once; nothing here imports Dagster.
"""
