"""Every rule finds its example and leaves its negative example alone; mistakes in a rules file are named."""

import re
from pathlib import Path

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.classifier import default_classifier
from roadmap_pipeline.failures.matching.rule import Rule
from roadmap_pipeline.failures.rules.rule_set import RULES_FILE, default_rules, load_rules
from roadmap_pipeline.failures.rules.taxonomy import CATEGORIES, UNKNOWN, domain_of
from roadmap_pipeline_tests.failures.logs import of_example

RULES = default_rules().rules
GOOD = """version = "1.2.3"

[[rule]]
id = "a.b"
category = "test"
priority = 5
patterns = ["boom (\\\\w+)"]
example = "boom x"
negative_example = "bang"
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_example_is_found_and_negative_example_is_not(rule: Rule) -> None:
    verdict = default_classifier().classify(of_example(rule.example))
    assert verdict is not None
    assert (verdict.rule_id, verdict.category) == (rule.id, rule.category)
    other = default_classifier().classify(of_example(rule.negative_example))
    assert other is None or other.rule_id != rule.id


def test_every_category_but_unknown_has_a_rule() -> None:
    assert {rule.category for rule in RULES} == set(CATEGORIES) - {UNKNOWN}
    assert len(RULES) >= 150


def test_domains() -> None:
    assert {category.domain for category in CATEGORIES.values()} == {"code", "pipeline", "platform", "unknown"}
    assert domain_of("lint_format") == "code"
    assert domain_of("policy_gate") == "pipeline"
    assert domain_of("dependency_install") == "platform"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(text, "utf-8")
    return path


def problems(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        load_rules(write(tmp_path, text))
    assert str(tmp_path / "rules.toml") in str(error.value)
    return str(error.value)


def test_a_bad_pattern_is_named_with_file_rule_and_line(tmp_path: Path) -> None:
    text = GOOD.replace('["boom (\\\\w+)"]', '[\n  "fine",\n  "(?=ahead)x",\n]')
    message = problems(tmp_path, text)
    assert "rules.toml:9: rule a.b: bad pattern '(?=ahead)x'" in message
    assert text.split("\n")[8].strip() == '"(?=ahead)x",'


def test_a_bad_ignore_if_is_named(tmp_path: Path) -> None:
    message = problems(tmp_path, GOOD + 'ignore_if = ["(a)\\\\1"]\n')
    assert "rules.toml:10: rule a.b: bad pattern" in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('category = "test"', 'category = "tests"'), "rules.toml:5: rule a.b: 'tests' is not a category"),
        (('category = "test"', 'category = "unknown"'), "rules.toml:5: rule a.b: 'unknown' is not a category"),
        (("priority = 5", 'priority = "5"'), "rules.toml:6: rule a.b: priority must be int"),
        (("priority = 5\n", ""), "rules.toml:3: rule a.b: priority is missing"),
        (("priority = 5", "priority = 5\nowner = 1"), "rules.toml:7: rule a.b: unknown key 'owner'"),
        (('example = "boom x"', 'example = ""'), "rules.toml:8: rule a.b: example is empty"),
        (("priority = 5", 'priority = 5\nscope = "run"'), "rules.toml:7: rule a.b: scope must be one of"),
        (("priority = 5", "priority = 5\nevidence = 2"), "rules.toml:7: rule a.b: evidence must be"),
        (('version = "1.2.3"', ""), 'the first line must be version = "major.minor.patch"'),
        (('version = "1.2.3"', 'version = "1.2.3"\nrules = 1'), "unknown key 'rules'"),
        (("[[rule]]", "[[rule"), "not valid TOML"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    assert expected in problems(tmp_path, GOOD.replace(*change))


def test_an_id_used_twice_is_named(tmp_path: Path) -> None:
    again = GOOD + GOOD[GOOD.index("[[rule]]") :]
    assert "rules.toml:11: rule a.b: the id is already used in line 3" in problems(tmp_path, again)


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_rules(write(tmp_path, GOOD.replace("priority = 5\n", "").replace('"test"', '"tests"')))
    assert len(error.value.problems) == 2


def test_version_follows_content_not_wording(tmp_path: Path) -> None:
    version = load_rules(write(tmp_path, GOOD)).version
    assert re.fullmatch(r"1\.2\.3\+[0-9a-f]{12}", version)
    assert load_rules(write(tmp_path, GOOD.replace("boom x", "boom y") + "# a comment\n")).version == version
    assert load_rules(write(tmp_path, GOOD.replace("boom (", "booom ("))).version != version
    assert load_rules(write(tmp_path, GOOD.replace("priority = 5", "priority = 6"))).version != version


def test_the_default_rules_are_loaded_from_the_package() -> None:
    assert default_rules().version == load_rules(RULES_FILE).version
