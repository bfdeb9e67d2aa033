"""The tree between text and stored blocks.

Belongs here: nodes, and what is known of code languages. A tree knows nothing of ids; ``content`` turns it into stored
blocks and back.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from roadmap_sandbox.notion.richtext import RichText


@dataclass(slots=True)
class Node:
    """A block without identity: its type, the content under the type's key, and its children."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)


# fmt: off
LANGUAGE_NAMES: Final = frozenset((
    "abap", "agda", "arduino", "ascii art", "assembly", "bash", "basic", "c", "c#", "c++", "clojure",
    "coffeescript", "css", "dart", "diff", "docker", "elixir", "elm", "erlang", "f#", "fortran", "gherkin", "glsl",
    "go", "graphql", "groovy", "haskell", "hcl", "html", "java", "javascript", "json", "julia", "kotlin", "latex",
    "less", "lisp", "livescript", "lua", "makefile", "markdown", "markup", "matlab", "mermaid", "nix",
    "objective-c", "ocaml", "pascal", "perl", "php", "plain text", "powershell", "prolog", "protobuf", "python",
    "r", "reason", "ruby", "rust", "sass", "scala", "scheme", "scss", "shell", "smalltalk", "solidity", "sql",
    "swift", "toml", "typescript", "vb.net", "verilog", "vhdl", "visual basic", "webassembly", "xml", "yaml",
))


# fmt: on

_ALIASES = {
    "": "plain text",
    "text": "plain text",
    "txt": "plain text",
    "plaintext": "plain text",
    "ts": "typescript",
    "tsx": "typescript",
    "js": "javascript",
    "jsx": "javascript",
    "py": "python",
    "sh": "shell",
    "console": "shell",
    "zsh": "shell",
    "yml": "yaml",
    "rb": "ruby",
    "rs": "rust",
    "golang": "go",
    "md": "markdown",
    "cs": "c#",
    "cpp": "c++",
    "dockerfile": "docker",
    "kt": "kotlin",
    "tf": "hcl",
}


def language(name: str) -> str:
    """Return Notion's name of a code language; ``plain text`` for one it doesn't know."""
    known = name.strip().lower()
    known = _ALIASES.get(known, known)
    return known if known in LANGUAGE_NAMES else "plain text"


def rich(items: RichText, color: str = "default", **more: Any) -> dict[str, Any]:
    """Return the content of a block that is a line of text."""
    return {"rich_text": items, **more, "color": color}
