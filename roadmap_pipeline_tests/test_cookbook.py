"""The recipes of ``docs/cookbook.md`` do what they say."""

import re
import tomllib
from pathlib import Path

from roadmap_pipeline.configuration import Configuration
from roadmap_pipeline.failures.rules.own_rules import classifier_with
from roadmap_pipeline.pipeline.rendering import preview_report
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline_tests.conftest import Ran
from roadmap_pipeline_tests.failures.logs import FAILED, job, step

PAGE = (Path(__file__).parents[1] / "docs" / "cookbook.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def _files() -> dict[str, str]:
    return dict(re.findall(r"^`([\w.-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_every_configuration_is_understood() -> None:
    configurations = [tomllib.loads(block) for block in _blocks("toml") if "[[rule]]" not in block]
    assert len(configurations) >= 5
    for values in configurations:
        assert Configuration.model_validate(values) != Configuration()


def test_the_rule_knows_the_failure_that_it_is_for(tmp_path: Path) -> None:
    file = tmp_path / "my-rules.toml"
    file.write_text(_files()["my-rules.toml"], encoding="utf-8")
    verdict = classifier_with(file).classify(job(step("./release.sh", "the release train blue is closed", FAILED)))
    assert verdict is not None
    assert (verdict.rule_id, verdict.category) == ("acme.release_train", "policy_gate")


def test_the_section_is_in_the_report(ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "slowest_jobs.sql").write_text(_files()["slowest_jobs.sql"], encoding="utf-8")
    (section,) = (block for block in _blocks("toml") if "reports.sections" in block)
    (tmp_path / "roadmap.toml").write_text(section, encoding="utf-8")
    environment = {**ran.served.environment, "ROADMAP_WAREHOUSE": ran.settings.warehouse}
    text = preview_report(load_settings(environment, tmp_path)).content
    assert "## Slowest jobs" in text
