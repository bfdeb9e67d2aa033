"""Loading and checking ``rules.toml``: the signatures by which failures are recognised.

Belongs here: everything that can be wrong with a rule. Its shape belongs to
:mod:`roadmap_pipeline.failures.matching.rule`, finding rules in a log to :mod:`roadmap_pipeline.failures.matching`.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.matching.rule import Rule, RuleSet
from roadmap_pipeline.failures.patterns import PatternError, compile_pattern
from roadmap_pipeline.failures.rules.taxonomy import CATEGORIES, UNKNOWN, domain_of

RULES_FILE = Path(__file__).with_name("rules.toml")
SCOPES = ("step", "job", "command")

_REQUIRED = {"id": str, "category": str, "priority": int, "patterns": list, "example": str, "negative_example": str}
_OPTIONAL = {"scope": str, "ignore_if": list, "evidence": int, "capture": int, "retryable": bool}


@cache
def default_rules() -> RuleSet:
    """Return the rules that come with the project."""
    return load_rules(RULES_FILE)


def load_rules(path: Path, base: RuleSet | None = None) -> RuleSet:
    """Read and check a rules file.

    With ``base`` its rules are added to those, and replace those of the same id; it then needs no version of its own.

    Raises:
        ConfigurationError: Every problem found; each names file, line and rule.
    """
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from None
    tables = document.get("rule", [])
    version = document.get("version", base and base.version.partition("+")[0])
    problems = [f"{path}: unknown key {key!r}" for key in document.keys() - {"version", "rule"}]
    if not isinstance(version, str) or not version:
        problems.append(f'{path}: the first line must be version = "major.minor.patch"')
    if not isinstance(tables, list) or not tables:
        raise ConfigurationError(*problems, f"{path}: holds no [[rule]]")
    places = _places(text)
    rules: list[Rule] = []
    seen: dict[str, int] = {}
    for index, table in enumerate(tables):
        first_line, last_line = places[index] if index < len(places) else (1, 1)
        of_rule = list(_problems(table, seen, text.split("\n"), first_line, last_line))
        name = table.get("id", f"number {index + 1}")
        problems += [f"{path}:{line}: rule {name}: {problem}" for line, problem in of_rule]
        if isinstance(table.get("id"), str):
            seen.setdefault(table["id"], first_line)
        if not of_rule:
            rules.append(_rule(table))
    if problems:
        raise ConfigurationError(*problems)
    if base is not None:
        rules += [rule for rule in base.rules if rule.id not in seen]
        version = base.version.partition("+")[0]
    rules.sort(key=lambda rule: (-rule.priority, rule.id))
    return RuleSet(tuple(rules), f"{version}+{_content_hash(rules)}")


def _places(text: str) -> list[tuple[int, int]]:
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines, 1) if line.strip() == "[[rule]]"]
    ends = [start - 1 for start in starts[1:]] + [len(lines)]
    return list(zip(starts, ends, strict=True))


def _problems(
    table: Mapping[str, Any], seen: Mapping[str, int], lines: Sequence[str], first: int, last: int
) -> Iterator[tuple[int, str]]:
    """Yield (line, problem) of one [[rule]] table that stands in lines ``first`` to ``last`` of the file."""

    def line_of(key: str) -> int:
        here = [n for n in range(first, last + 1) if lines[n - 1].split("=")[0].strip() == key]
        return here[0] if here else first

    for key in sorted(table.keys() - _REQUIRED.keys() - _OPTIONAL.keys()):
        yield line_of(key), f"unknown key {key!r}"
    for key in _REQUIRED:
        if key not in table:
            yield first, f"{key} is missing"
    for key, kind in (_REQUIRED | _OPTIONAL).items():
        if key in table and type(table[key]) is not kind:
            yield line_of(key), f"{key} must be {kind.__name__}"
            return
    if table.get("id") in seen:
        yield line_of("id"), f"the id is already used in line {seen[table['id']]}"
    if "category" in table and (table["category"] not in CATEGORIES or table["category"] == UNKNOWN):
        yield line_of("category"), f"{table['category']!r} is not a category of the taxonomy"
    if table.get("scope", "step") not in SCOPES:
        yield line_of("scope"), f"scope must be one of {', '.join(SCOPES)}"
    for key in ("example", "negative_example"):
        if key in table and not str(table[key]).strip():
            yield line_of(key), f"{key} is empty"
    for key in ("patterns", "ignore_if"):
        for pattern in _flat(table.get(key, [])):
            if not isinstance(pattern, str) or not pattern:
                yield line_of(key), f"{key} must hold patterns or lists of patterns"
                return
            try:
                compile_pattern(pattern)
            except PatternError as error:
                yield _line_of_pattern(lines, line_of(key), last, pattern), f"bad pattern {pattern!r}: {_reason(error)}"
    if "patterns" in table and not table["patterns"]:
        yield line_of("patterns"), "patterns is empty"
    if not 1 <= table.get("evidence", 1) <= max(1, len(table.get("patterns", ()))):
        yield line_of("evidence"), "evidence must be the number of one of the patterns, from 1"


def _flat(entries: Sequence[Any]) -> list[Any]:
    return [one for entry in entries for one in (entry if isinstance(entry, list) else [entry])]


def _line_of_pattern(lines: Sequence[str], start: int, last: int, pattern: str) -> int:
    spellings = (json.dumps(pattern, ensure_ascii=False), f"'{pattern}'")
    return next((n for n in range(start, last + 1) if any(s in lines[n - 1] for s in spellings)), start)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _rule(table: Mapping[str, Any]) -> Rule:
    return Rule(
        id=table["id"],
        category=table["category"],
        priority=table["priority"],
        scope=table.get("scope", "step"),
        patterns=tuple(_alternatives(entry) for entry in table["patterns"]),
        ignore_if=tuple(table.get("ignore_if", ())),
        evidence=table.get("evidence", len(table["patterns"])) - 1,
        capture=table.get("capture", 0),
        retryable=table.get("retryable", CATEGORIES[table["category"]].retryable),
        example=table["example"],
        negative_example=table["negative_example"],
        lists_findings=domain_of(table["category"]) == "code",
    )


def _alternatives(entry: str | list[str]) -> str:
    return entry if isinstance(entry, str) else "|".join(f"(?:{alternative})" for alternative in entry)


def _content_hash(rules: Sequence[Rule]) -> str:
    """Hash of what decides verdicts; blind to examples, comments and the order of the file."""
    content = [
        [r.id, r.category, r.priority, r.scope, r.patterns, r.ignore_if, r.evidence, r.capture, r.retryable]
        for r in rules
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:12]
