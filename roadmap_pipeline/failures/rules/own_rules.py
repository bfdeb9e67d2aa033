"""Rules that users add to the project's, in a file that ``roadmap.toml`` names.

Belongs here: joining both, and holding people's rules to what is asked of the project's own: each finds its example and
leaves its negative example alone. The shape of a rule belongs to :mod:`roadmap_pipeline.failures.matching.rule`.
"""

from collections.abc import Iterator
from pathlib import Path

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.classifier import Classifier, default_classifier
from roadmap_pipeline.failures.matching.rule import Rule, RuleSet
from roadmap_pipeline.failures.rules.rule_set import default_rules, load_rules

_COMMAND = "##[group]Run "
_END = "##[endgroup]"


def rules_with(path: Path | None) -> RuleSet:
    """Return the project's rules, and those of a file; a rule replaces the one of the same id.

    Raises:
        ConfigurationError: Every problem of the file, each with its line.
    """
    if path is None:
        return default_rules()
    rules = load_rules(path, default_rules())
    own = set(rules.rules) - set(default_rules().rules)
    problems = [
        f"{path}:{_line_of(path, rule)}: rule {rule.id}: {problem}" for rule in own for problem in _untrue(rule)
    ]
    if problems:
        raise ConfigurationError(*sorted(problems))
    return rules


def classifier_with(path: Path | None) -> Classifier:
    """Return the classifier by :func:`rules_with`; raises as that."""
    return default_classifier() if path is None else Classifier(rules_with(path))


def example_log(example: str) -> bytes:
    """Return the log of a step that failed with an example.

    An example is a step's output or, from ``##[group]Run`` on, its command and output.
    """
    command, _, output = example.partition(f"\n{_END}") if example.startswith(_COMMAND) else ("", "", example)
    header = command or f"{_COMMAND}./step"
    lines = [header, "shell: bash", _END, output.strip("\n"), "##[error]Process completed with exit code 1."]
    return "\n".join(lines).encode()


def _untrue(rule: Rule) -> Iterator[str]:
    alone = Classifier(RuleSet((rule,), ""))
    for key, text, expected in (("example", rule.example, True), ("negative_example", rule.negative_example, False)):
        verdict = alone.classify(example_log(text))
        if (verdict is not None and verdict.rule_id == rule.id) is not expected:
            yield f"{key} is {'not ' if expected else ''}recognised by the rule: {text.splitlines()[0]!r}"


def _line_of(path: Path, rule: Rule) -> int:
    lines = path.read_text("utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if rule.id in line and line.startswith("id")), 1)
