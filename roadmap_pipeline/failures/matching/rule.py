"""The shape of a rule: what is looked for in a log, where, and what a match stands for.

Belongs here: the data alone. Reading and checking rules files belongs to :mod:`roadmap_pipeline.failures.rules`,
finding rules in a log to :mod:`.search`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One signature.

    ``patterns`` is an ordered AND: every entry must be found on the line of the entry before it or later; the line of
    entry number ``evidence`` (from 0) proves the failure. ``scope`` says where: ``step`` (output of the failing step),
    ``job`` (all steps with errors, and what stands before the first step) or ``command`` (first entry in the command of
    the failing step, the others in its output). A line that holds one of ``ignore_if`` does not count. ``capture`` is
    the group of the evidence entry that tells failures of one rule apart (0: the first group that took part, else the
    whole match). The highest ``priority`` wins. ``lists_findings``: what it finds is said by tools that look at code,
    which list what they found, line after line.
    """

    id: str
    category: str
    priority: int
    scope: str
    patterns: tuple[str, ...]
    ignore_if: tuple[str, ...]
    evidence: int
    capture: int
    retryable: bool
    example: str
    negative_example: str
    lists_findings: bool = False


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules, highest priority first. ``version`` changes with every change of what they recognise."""

    rules: tuple[Rule, ...]
    version: str
