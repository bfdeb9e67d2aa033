"""Requests to GitHub: the client, its connections, credentials, pace and pages. Knows no table and no file."""
