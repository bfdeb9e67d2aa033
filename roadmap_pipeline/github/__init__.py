"""Reading GitHub (client, payloads, ingest, dumps) and writing to it (sticky comments).

Nothing here knows Notion, and nothing here decides what should be written: ``sync`` does.
"""
