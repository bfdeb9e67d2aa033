"""Learnt progress (``learnt_v3``, off by default): how much of a milestone's time has passed, from its signals.

Learning from finished milestones and its storing in ``derived``. Signals are the SQL models' business; so are the
shares of open milestones, scoring, and whether they are published.
"""
