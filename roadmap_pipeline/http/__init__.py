"""What both API clients share: when a request is sent again, how fast requests go, and writes of unknown outcome.

Nothing here knows GitHub or Notion.
"""
