"""Reading and writing Notion: client, the two databases' schema, rows, and Notion's dialect of Markdown.

Nothing here knows GitHub, and nothing here decides what should be written: ``sync`` does.
"""
