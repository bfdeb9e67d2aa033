"""Rules of one's own: added, replacing, held to their examples, and reported with the line that is wrong."""

from pathlib import Path

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.failures.classifier import Classifier
from roadmap_pipeline.failures.rules.own_rules import example_log, rules_with
from roadmap_pipeline.failures.rules.rule_set import default_rules
from roadmap_pipeline.settings import load_rules_file, load_settings
from roadmap_pipeline_tests.failures.logs import FAILED, job, step

OWN = """[[rule]]
id = "acme.release_train"
category = "policy_gate"
priority = 995
patterns = ["release train (\\\\w+) is closed"]
retryable = false
example = "the release train blue is closed"
negative_example = "the release train blue is open"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "my-rules.toml").write_text(text, "utf-8")
    (folder / "roadmap.toml").write_text('[failures]\nrules = "my-rules.toml"\n', "utf-8")
    return folder / "my-rules.toml"


def judged(path: Path | None, *output: str) -> str | None:
    verdict = Classifier(rules_with(path)).classify(job(step("./x.sh", *output, FAILED)))
    assert verdict is not None
    return verdict.rule_id


def test_a_rule_is_added_and_its_priority_counts(tmp_path: Path) -> None:
    path = write(tmp_path, OWN)
    lines = ["the release train blue is closed", "npm error code ERESOLVE"]
    assert judged(None, *lines) == "deps.npm"
    assert judged(path, *lines) == "acme.release_train"
    assert judged(write(tmp_path, OWN.replace("995", "410")), *lines) == "deps.npm"


def test_a_rule_of_the_same_id_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path, OWN.replace("acme.release_train", "deps.npm"))
    assert judged(path, "npm error code ERESOLVE") != "deps.npm"
    assert judged(path, "the release train blue is closed") == "deps.npm"
    assert len(rules_with(path).rules) == len(default_rules().rules)


def test_the_version_says_that_there_are_more_rules(tmp_path: Path) -> None:
    version = rules_with(write(tmp_path, OWN)).version
    assert version != default_rules().version
    assert version.split("+")[0] == default_rules().version.split("+")[0]
    assert rules_with(write(tmp_path, OWN.replace("995", "994"))).version != version


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("(\\\\w+)", "(?<=x)"), "my-rules.toml:5: rule acme.release_train: bad pattern"),
        (("(\\\\w+)", "(a)\\\\1"), "my-rules.toml:5: rule acme.release_train: bad pattern"),
        (("(\\\\w+)", "(unclosed"), "missing ): "),
        (
            ("train blue is closed", "train is late"),
            "my-rules.toml:2: rule acme.release_train: example is not recognised",
        ),
        (("train blue is open", "train red is closed"), "rule acme.release_train: negative_example is recognised"),
        (('"policy_gate"', '"policy"'), "my-rules.toml:3: rule acme.release_train: 'policy' is not a category"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    text = OWN.replace(*change)
    assert text != OWN
    with pytest.raises(ConfigurationError) as raised:
        rules_with(write(tmp_path, text))
    assert expected in str(raised.value)
    assert "my-rules.toml" in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: can't be read: No such file"):
        rules_with(tmp_path / "nowhere.toml")


def test_the_configuration_names_the_file_relative_to_itself(tmp_path: Path) -> None:
    path = write(tmp_path, OWN)
    environment = {"ROADMAP_CONFIG": str(tmp_path / "roadmap.toml")}
    assert load_rules_file(environment, tmp_path.parent) == path
    assert load_settings(environment, tmp_path.parent).rules_file == path
    assert load_rules_file({}, tmp_path) == path
    assert load_rules_file({}, tmp_path.parent) is None


def test_an_example_may_name_the_command(tmp_path: Path) -> None:
    text = OWN.replace("priority = 995", 'priority = 995\nscope = "command"')
    text = text.replace('patterns = ["', 'patterns = ["deploy", "')
    text = text.replace('example = "the', 'example = "##[group]Run ./deploy.sh\\n##[endgroup]\\nthe')
    assert judged(write(tmp_path, text), "the release train blue is closed") is None
    assert b"##[group]Run ./deploy.sh\nshell: bash" in example_log("##[group]Run ./deploy.sh\n##[endgroup]\nx")
