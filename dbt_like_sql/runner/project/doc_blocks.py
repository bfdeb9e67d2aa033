"""Descriptions that several columns share, as dbt has them: ``{% docs repo %} … {% enddocs %}`` in any ``.md`` file.

Belongs here: reading the blocks, and putting one in the place of ``{{ doc("repo") }}``. Which texts are descriptions is
said in ``schema_yml``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dbt_like_sql.runner.project.problems import Problem, ProjectError

_BLOCK = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
_REFERENCE = re.compile(r"\{\{\s*doc\(\s*(['\"])(\w+)\1\s*\)\s*\}\}")


def find_doc_files(directory: Path) -> list[Path]:
    """Return the files of the project in ``directory`` that may hold blocks."""
    return sorted(path for folder in ("models", "seeds", "tests") for path in (directory / folder).rglob("*.md"))


def read_doc_blocks(files: Iterable[Path]) -> dict[str, str]:
    """Return the texts of all blocks by name, each on one line.

    Raises:
        ProjectError: Two blocks have one name, or a file isn't UTF-8.
    """
    blocks: dict[str, str] = {}
    problems = []
    for path in files:
        try:
            content = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            problems.append(Problem(path, 1, "the file is not UTF-8"))
            continue
        for match in _BLOCK.finditer(content):
            if match[1] in blocks:
                line = content.count("\n", 0, match.start()) + 1
                problems.append(Problem(path, line, f"there are two blocks {match[1]}"))
            blocks[match[1]] = " ".join(match[2].split())
    if problems:
        raise ProjectError(problems)
    return blocks


def unknown_blocks(text: str, blocks: Mapping[str, str]) -> Iterator[str]:
    """Yield the names in ``text`` that no block has."""
    yield from (match[2] for match in _REFERENCE.finditer(text) if match[2] not in blocks)


def resolved(text: str, blocks: Mapping[str, str]) -> str:
    """Return ``text`` with the blocks that it names."""
    return _REFERENCE.sub(lambda match: blocks.get(match[2], match[0]), text)
