"""``/search/issues``: issues and pull requests of all repositories by GitHub's search syntax.

Its index lags (``Switches.search_delay``) and it gives 1,000 results at most, as the real one's does. Understood are
words of title and body and the qualifiers repo, org, user, is, type, state, author, assignee, mentions, label,
milestone, no, in (ignored), created, updated, closed and merged, each also negated; others find nothing.
Source of the syntax: docs.github.com, "Searching issues and pull requests".
"""

import re
from collections.abc import Callable, Iterator

from roadmap_sandbox import payloads
from roadmap_sandbox.content import Payload
from roadmap_sandbox.github.access import may_see
from roadmap_sandbox.github.issues import SORT_KEYS
from roadmap_sandbox.github.messages import ApiError, Request, Response, invalid
from roadmap_sandbox.github.paging import Page, page_response
from roadmap_sandbox.github.repository_records import RepositoryRecords
from roadmap_sandbox.github.search_dates import normalised, parse_range
from roadmap_sandbox.github.store import Store

RESULT_CAP = 1_000
_WORD = re.compile(r'(-?)(?:([a-z-]+):)?(?:"([^"]*)"|(\S+))')

_Found = tuple[RepositoryRecords, Payload]
_Condition = Callable[[_Found], bool]


def search_issues(store: Store, request: Request) -> Response:
    """Carry out a search."""
    query = request.query.get("q", "").strip()
    if not query:
        raise invalid("Search", "q", "missing")
    conditions = list(_conditions(query))
    page = Page.of(request.query)
    if page.start + page.size > RESULT_CAP:
        raise ApiError(422, "Only the first 1000 search results are available")
    indexed = payloads.timestamp(store.clock - store.switches.search_delay)
    hits = [
        (records, records.with_milestone(issue))
        for records in store.repositories
        if may_see(request, records)
        for issue in records.issues.values()
        if normalised(issue["created_at"]) <= indexed
    ]
    hits = [entry for entry in hits if all(condition(entry) for condition in conditions)]
    sort = request.query.get("sort") or "created"
    key = SORT_KEYS.get(sort, SORT_KEYS["created"])
    hits.sort(key=lambda entry: key(entry[1]), reverse=request.query.get("order") != "asc")
    shown = [_result(issue) for _, issue in page.cut(hits)]
    data = {"total_count": len(hits), "incomplete_results": False, "search_type": "lexical", "items": shown}
    return page_response(request, "/search/issues", data, page, min(len(hits), RESULT_CAP))


def _result(issue: Payload) -> Payload:
    # A search result leaves out the body of an issue that has none, where the issue itself says null.
    return {**{name: value for name, value in issue.items() if name != "body" or value is not None}, "score": 1.0}


def _conditions(query: str) -> Iterator[_Condition]:
    for minus, qualifier, quoted, bare in _WORD.findall(query):
        condition = _condition(qualifier, quoted or bare)
        if condition is not None:
            yield _negated(condition) if minus else condition


def _negated(condition: _Condition) -> _Condition:
    return lambda entry: not condition(entry)


def _condition(qualifier: str, value: str) -> _Condition | None:
    wanted = value.lower()
    if not qualifier:
        return lambda entry: wanted in f"{entry[1]['title']} {entry[1]['body'] or ''}".lower()
    if qualifier in ("created", "updated", "closed", "merged"):
        return _within(qualifier, value)
    simple: dict[str, _Condition] = {
        "repo": lambda entry: entry[0].full_name.lower() == wanted,
        "org": lambda entry: entry[0].payload["owner"]["login"].lower() == wanted,
        "user": lambda entry: entry[0].payload["owner"]["login"].lower() == wanted,
        "state": lambda entry: entry[1]["state"] == wanted,
        "is": lambda entry: wanted in _kinds(entry[1]),
        "type": lambda entry: wanted in _kinds(entry[1]),
        "author": lambda entry: _login(entry[1]["user"]) == wanted,
        "assignee": lambda entry: wanted in [_login(person) for person in entry[1]["assignees"]],
        "mentions": lambda entry: f"@{wanted}" in (entry[1]["body"] or "").lower(),
        "label": lambda entry: wanted in [label["name"].lower() for label in entry[1]["labels"]],
        "milestone": lambda entry: ((entry[1]["milestone"] or {}).get("title") or "").lower() == wanted,
        "no": lambda entry: not entry[1].get({"label": "labels", "assignee": "assignees"}.get(wanted, wanted)),
    }
    return None if qualifier == "in" else simple.get(qualifier, lambda _: False)


def _kinds(issue: Payload) -> set[str]:
    kinds = {issue["state"], "pr" if "pull_request" in issue else "issue"}
    if issue.get("pull_request"):
        kinds.add("merged" if issue["pull_request"]["merged_at"] else "unmerged")
    return kinds | ({"locked"} if issue["locked"] else {"unlocked"})


def _login(person: Payload | None) -> str:
    return "" if person is None else str(person["login"]).lower()


def _within(qualifier: str, value: str) -> _Condition:
    try:
        first, last = parse_range(value)
    except ValueError as error:
        raise invalid("Search", "q", "invalid", f"{value!r} is no date") from error

    def condition(entry: _Found) -> bool:
        issue = entry[1]
        time = (issue.get("pull_request") or {}).get("merged_at") if qualifier == "merged" else issue[f"{qualifier}_at"]
        if time is None:
            return False
        moment = normalised(time)
        return (first is None or first <= moment) and (last is None or moment <= last)

    return condition
