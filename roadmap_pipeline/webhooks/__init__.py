"""Webhooks of GitHub and Notion: the optional fast path, whose deliveries say where to read at once, and nothing else.

Belongs here: receiving, checking and de-duplicating deliveries. Reading is the sensors', which poll all the same: a
lost delivery costs time only. Dagster is not known here; whoever serves the application says where changes are noted.
"""
