"""A misspelt critical workflow is named wherever somebody looks: in the run's notes, by its check, by doctor."""

from dataclasses import replace

import dagster as dg
import pytest

from roadmap_pipeline import pipeline
from roadmap_pipeline.orchestration.assets import sources
from roadmap_pipeline.orchestration.resources import resources_of
from roadmap_pipeline.runtime import Runtime
from roadmap_pipeline_tests.conftest import Ran


@pytest.mark.parametrize(("name", "is_known"), [("ci.yml", True), ("ci.yaml", False)])
def test_a_misspelt_critical_workflow_is_named(ran: Ran, name: str, is_known: bool) -> None:
    repo = ran.settings.repositories[0]
    critical = ran.settings.configuration.model_copy(update={"critical_workflows": {repo: (name,)}})
    with (
        Runtime(replace(ran.settings, configuration=critical)) as runtime,
        dg.DagsterInstance.ephemeral() as instance,
    ):
        result = dg.materialize([sources.github_ingest], instance=instance, resources=resources_of(runtime))
        findings = [one.message for one in pipeline.diagnose(runtime) if one.subject == "configuration"]
        notes = runtime.run_summary.notes
    (check,) = [
        one for one in result.get_asset_check_evaluations() if one.check_name == sources.CRITICAL_WORKFLOWS_EXIST
    ]
    assert result.success
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.passed == is_known
    sentence = f"critical_workflows: {repo} has no workflow ci.yaml; closest: ci.yml"
    assert (sentence in notes, sentence in findings, sentence == check.description) == (not is_known,) * 3
