"""The common part of both API clients: when a request is sent again, how fast, and writes of unknown outcome.

Nothing here knows GitHub or Notion.
"""
