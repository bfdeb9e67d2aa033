"""A simulated Notion (Notion-Version 2026-03-11) that the unmodified client reaches through ``base_url``.

Layers, each importing only those before it:

- ``errors``, ``validation``, ``richtext``, ``markdown``, ``dates``: the API's texts and formats;
- ``records``, ``scans``, ``store``: what exists; ``properties``, ``reading``, ``writing``, ``filters``, ``blocks``:
  rules of one kind of thing;
- ``objects``: records as the API answers them; ``requests``: requests and pages of lists;
- ``databases``, ``pages``, ``content``, ``views``, ``lookup``: what a request does; ``people``: what a person does in
  the application; ``routes``: which request goes where;
- ``faults``, ``state``: journal, scripted failures, persistence; ``browse``, ``app``: HTTP.
"""
