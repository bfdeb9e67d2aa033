"""The desired rows: every property that is ours has a column behind it."""

from collections.abc import Mapping

import pytest

from roadmap_pipeline.notion.layout import CI_REPORTS, ENGINEERING_ROADMAP, DatabaseSchema
from roadmap_pipeline.sync.desired import REPORT_COLUMNS, ROADMAP_COLUMNS
from roadmap_pipeline.warehouse.models import SqlModel
from roadmap_pipeline_tests.dbt_like_sql.models.stored_history import project


def model(name: str) -> SqlModel:
    return project().model(name)


@pytest.mark.parametrize(
    ("schema", "columns", "table"),
    [
        (CI_REPORTS, REPORT_COLUMNS, "publish.notion_ci_reports"),
        (ENGINEERING_ROADMAP, ROADMAP_COLUMNS, "publish.notion_roadmap"),
    ],
)
def test_every_property_that_is_not_peoples_alone_is_filled_from_a_column_that_is_there(
    schema: DatabaseSchema, columns: Mapping[str, str], table: str
) -> None:
    """Without its column a property would be made and stay empty, and nobody would be told."""
    ours = {spec.name for spec in schema.properties if spec.owner not in ("people", "sync")}
    assert ours <= set(columns)
    assert set(columns) <= {spec.name for spec in schema.properties}
    described = {column.name for column in model(table).columns}
    assert set(columns.values()) - {"report_content"} <= described
