"""Recorded payloads in files, as another source of the same tables. Sends no request."""
