"""Milestones: their names and how a branch or pull request is matched to one.

What counts towards progress is written in the SQL models; what is written to Notion in ``sync``.
"""
