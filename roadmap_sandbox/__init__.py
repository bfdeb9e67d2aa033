"""A simulated GitHub and Notion on loopback ports, and the simulated organisation that lives in them.

The real clients reach them through real HTTP. Used without credentials, in tests, and to replay recorded payloads.
"""
