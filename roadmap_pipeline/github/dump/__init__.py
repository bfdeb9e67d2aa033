"""Recorded payloads in files, as another source of the same tables."""
