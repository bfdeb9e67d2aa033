"""Views of one's own as ``roadmap.toml`` describes them: names as people see them, every problem at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.customization import View
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.notion.configured_views import resolve_views
from roadmap_pipeline.notion.layout import CI_REPORTS, ENGINEERING_ROADMAP, ViewFilter, ViewSort, ViewSpec
from roadmap_pipeline.settings import load_settings

BLOCKED = """
[[notion.views]]
name = "Blocked"
database = "roadmap"
filter = [{ property = "✅ Status", is = "Blocked" }, { property = "Workflow Pass Rate", below = 0.8 }]
match = "any"
sort = [{ property = "target date" }, { property = "📊 Progress", direction = "descending" }]
group = "Sync State"
properties = ["📆 Target Date", "Progress"]
"""


def problems(text: str, folder: Path) -> list[str]:
    (folder / "roadmap.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_settings({}, folder)
    return list(caught.value.problems)


def resolved(text: str, folder: Path) -> dict[str, tuple[ViewSpec, ...]]:
    (folder / "roadmap.toml").write_text(text, encoding="utf-8")
    found: list[str] = []
    views = resolve_views(load_settings({}, folder).configuration.notion.views, found)
    assert found == []
    return views


def test_names_are_those_that_people_see(tmp_path: Path) -> None:
    views = resolved(BLOCKED, tmp_path)
    assert views["ci_reports"] == ()
    assert views["roadmap"] == (
        ViewSpec(
            "Blocked",
            "table",
            group_by="🔄 Sync State",
            filters=(
                ViewFilter("✅ Status", "equals", "Blocked"),
                ViewFilter("🧪 Workflow Pass Rate", "less_than", 0.8),
            ),
            match="any",
            sorts=(ViewSort("📆 Target Date", "ascending"), ViewSort("📊 Progress", "descending")),
            columns=("📆 Target Date", "📊 Progress"),
        ),
    )


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ('property = "Notes", contains = "risk"', ViewFilter("📝 Notes", "contains", "risk")),
        ('property = "Notes", is_empty = true', ViewFilter("📝 Notes", "is_empty", True)),
        ('property = "Latest CI Health", is_empty = false', ViewFilter("📎 Latest CI Health", "is_not_empty", True)),
        ('property = "Progress", at_least = 0.55', ViewFilter("📊 Progress", "greater_than_or_equal_to", 0.55)),
        ('property = "Status", is = ["blocked", "Planned"]', ViewFilter("✅ Status", "equals", ["Blocked", "Planned"])),
        ('property = "Target Date", before = 2027-01-01', ViewFilter("📆 Target Date", "before", "2027-01-01")),
        ('property = "Target Date", after = "2027-01-01"', ViewFilter("📆 Target Date", "after", "2027-01-01")),
        ('property = "Target Date", within = "next_month"', ViewFilter("📆 Target Date", "next_month", {})),
    ],
)
def test_conditions(condition: str, wanted: ViewFilter, tmp_path: Path) -> None:
    text = f'[[notion.views]]\nname = "V"\ndatabase = "roadmap"\nfilter = [{{ {condition} }}]\n'
    assert resolved(text, tmp_path)["roadmap"][0].filters == (wanted,)


def test_a_calendar_shows_the_databases_own_date(tmp_path: Path) -> None:
    text = '[[notion.views]]\nname = "V"\ntype = "calendar"\ndatabase = "{}"\n'
    assert resolved(text.format("reports"), tmp_path)["ci_reports"][0].date == "Report Date"
    assert resolved(text.format("roadmap"), tmp_path)["roadmap"][0].date == "📆 Target Date"


def test_every_problem_of_every_view_is_named_with_its_remedy(tmp_path: Path) -> None:
    text = """
history_days = 0
[[notion.views]]
name = "A"
database = "roadmap"
type = "board"
group = "📆 Target Date"
sort = [{ property = "Progres" }]
[[notion.views]]
name = "Sync Status"
database = "roadmap"
filter = [
    { property = "Status", is = "Stuck" },
    { property = "Progress", above = 80 },
    { property = "Progress", contains = "8" },
    { property = "Target Date", before = "soon" },
]
"""
    days, *found = problems(text, tmp_path)
    assert "history_days" in days
    assert found == [
        "roadmap.toml: notion.views.0 (A): sort: Engineering Roadmap has no property 'Progres';"
        " did you mean 📊 Progress?",
        "roadmap.toml: notion.views.0 (A): group: 📆 Target Date is of type date; choose one of ✅ Status, 📈 Trend,"
        " 🔄 Sync State",
        "roadmap.toml: notion.views.1 (Sync Status): filter: ✅ Status: there is no 'Stuck'; choose one of Planned,"
        " In Progress, Blocked, Completed",
        "roadmap.toml: notion.views.1 (Sync Status): filter: 📊 Progress: it is a percentage: give a fraction such as"
        " 0.8 for 80 %, not 80",
        "roadmap.toml: notion.views.1 (Sync Status): filter: 📊 Progress: contains does not fit its type number;"
        " choose one of is, is_not, above, at_least, below, at_most, is_empty",
        "roadmap.toml: notion.views.1 (Sync Status): filter: 📆 Target Date: 'soon' is no day such as 2026-12-24",
        "roadmap.toml: notion.views.1 (Sync Status): Engineering Roadmap has a view of that name, which the project"
        " keeps; choose another name",
    ]


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ('type = "bord"', "notion.views.0.type: "),
        ("filtr = []", "unknown key notion.views.0.filtr; did you mean filter?"),
        ('type = "board"', "a board needs a select in group; CI Intelligence Reports has none, so choose another type"),
        ('type = "list"\ngroup = "GitHub Link"', "group: Notion groups board and table views, no list"),
        ('date = "Report Date"', "date: it belongs to calendar and timeline views, not to a table"),
        ('filter = [{ property = "GitHub Link", iss = "x" }]', "unknown condition iss; did you mean is?"),
        ('filter = [{ property = "GitHub Link" }]', "give a property and one condition"),
        ('properties = ["Rate"]', "properties: CI Intelligence Reports has no property 'Rate'"),
    ],
)
def test_what_is_wrong_with_a_view(view: str, said: str, tmp_path: Path) -> None:
    found = problems(f'[[notion.views]]\nname = "V"\ndatabase = "reports"\n{view}\n', tmp_path)
    assert len(found) == 1
    assert said in found[0]


def test_two_views_of_one_database_have_two_names(tmp_path: Path) -> None:
    text = '[[notion.views]]\nname = "V"\ndatabase = "reports"\n'
    assert problems(text * 2, tmp_path) == [
        "roadmap.toml: notion.views.1 (V): CI Intelligence Reports has two views of that name here; choose another one"
    ]
    assert resolved(text + text.replace("reports", "roadmap"), tmp_path).keys() == {"ci_reports", "roadmap"}


@given(
    st.sampled_from([*ENGINEERING_ROADMAP.properties]).flatmap(
        lambda spec: st.tuples(st.just(spec.name), st.sampled_from([str.upper, str.lower, str.strip]))
    )
)
def test_every_property_is_known_by_its_name_however_it_is_written(named: tuple[str, object]) -> None:
    name, change = named
    found: list[str] = []
    words = "".join(char for char in name if char.isascii()).strip()
    view = View(name="V", database="roadmap", properties=(name, change(words)))  # type: ignore[operator]
    (spec,) = resolve_views([view], found)[ENGINEERING_ROADMAP.key]
    assert (spec.columns, found) == ((name,), [])


def test_the_projects_own_views_are_of_the_same_form() -> None:
    weekly = View.model_validate(
        {
            "name": "Of one week",
            "database": "reports",
            "filter": [{"property": "Analysis Period", "at_most": 80}],
            "sort": [{"property": "Report Date", "direction": "descending"}],
        }
    )
    (spec,) = resolve_views([weekly], [])[CI_REPORTS.key]
    own = CI_REPORTS.views[0]
    assert (spec.type, spec.filters, spec.sorts) == (own.type, own.filters, own.sorts)
