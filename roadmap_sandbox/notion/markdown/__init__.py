"""Notion's Markdown dialect: text → tree of blocks → text.

The way there and back normalises, as the real API does: blank lines go, ``__b__`` becomes ``**b**``, lists are counted
anew, H5 and H6 become H4, languages get Notion's names, pipe tables become ``<table>``, special characters of literal
text are escaped. What the dialect doesn't know from GitHub's Markdown (alerts, footnotes, indentation by spaces, bodies
of ``<details>`` that aren't indented) is lost or read as literal text.

A tree knows nothing of ids; ``content`` turns it into stored blocks and back.
"""

from roadmap_sandbox.notion.markdown.nodes import LANGUAGE_NAMES, Node, rich
from roadmap_sandbox.notion.markdown.reading import read
from roadmap_sandbox.notion.markdown.writing import write

__all__ = ["LANGUAGE_NAMES", "Node", "read", "rich", "write"]
