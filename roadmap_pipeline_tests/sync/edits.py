"""One edit of a person on one side of a milestone, and what has to become of two of them around a kill."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from roadmap_pipeline_tests.sync.conftest import SimulatedServices, plain
from roadmap_pipeline_tests.sync.kills import Kill
from roadmap_pipeline_tests.sync.pending_edits import DATE, STATUS, TITLE

__all__ = ["DATE", "OTHER_SIDE", "SIDES", "STATUS", "TITLE", "Edit", "Side", "keeps_edits"]

Side = Literal["notion", "github"]
SIDES: tuple[Side, ...] = ("notion", "github")
OTHER_SIDE: Mapping[Side, Side] = {"notion": "github", "github": "notion"}

_MILESTONE = "/repos/acme/payments/milestones/1"
_BEFORE = "Stage 7.3"


@dataclass(frozen=True)
class Edit:
    """A person's edit of one field of one milestone."""

    side: Side
    field: str
    value: str

    def make(self, services: SimulatedServices, page_id: str) -> None:
        """Carry it out."""
        if self.side == "notion":
            services.notion.set_property(page_id, self.field, self.value)
        elif self.field == STATUS:
            services.label(_title(services), f"status: {self.value.lower()}")
        else:
            name = {TITLE: "title", DATE: "due_on"}[self.field]
            services.edit_milestone(_title(services), **{name: self.value})


def keeps_edits(
    services: SimulatedServices, first: Edit, second: Edit, at: int, *, after: bool, reads: bool = True
) -> bool:
    """Kill the sync that carries ``first`` to the other side, then make ``second``; False where it has less requests.

    The next sync has both on both sides. Two edits of one field on two sides may be a conflict: whether the first had
    arrived before the second was made is not always to be known. Then each side keeps its own.
    """
    page_id = services.page_id(_BEFORE)
    first.make(services, page_id)
    is_killed = services.killed(Kill(at, after, reads=reads), "two_way")
    second.make(services, page_id)
    result = services.two_way()
    assert (result.failed, result.refused, result.moved) == ([], [], [])
    is_disputed = first.field == second.field and first.side != second.side
    conflicts = [conflict.field for conflict in result.plan.conflicts]
    if conflicts:
        assert is_disputed
        assert conflicts == [first.field]
        for edit in (first, second):
            assert _values(services, page_id)[edit.side][edit.field] == edit.value
    else:
        for edit in (second,) if first.field == second.field else (first, second):
            for values in _values(services, page_id).values():
                assert values[edit.field] == edit.value
    services.writes()
    assert [conflict.field for conflict in services.two_way().plan.conflicts] == conflicts
    assert services.writes() == []
    return is_killed


def _title(services: SimulatedServices) -> str:
    return str(services.ask("GET", _MILESTONE)["title"])


def _values(services: SimulatedServices, page_id: str) -> dict[str, dict[str, Any]]:
    """Return the shared fields as each side has them."""
    row = plain(services.api("GET", f"pages/{page_id}"))
    on_github = services.on_github(_title(services))
    labels = [label.removeprefix("status: ").title() for label in on_github["labels"]]
    return {
        "notion": {name: row[name] for name in (TITLE, DATE, STATUS)},
        "github": {TITLE: on_github["title"], DATE: on_github["due"], STATUS: next(iter(labels), None)},
    }
