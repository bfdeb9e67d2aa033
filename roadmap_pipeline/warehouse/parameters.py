"""Writes the settings that metrics depend on into ``config.*``, where SQL models and analysts read them.

Belongs here: the translation from settings to rows. What a setting means is said in ``configuration``.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from roadmap_pipeline.configuration import WEEKDAYS, Configuration
from roadmap_pipeline.discovery import Teams
from roadmap_pipeline.settings import Settings
from roadmap_pipeline.warehouse.connection import transaction
from roadmap_pipeline.warehouse.source_tables import canonical_names, replace_table

if TYPE_CHECKING:
    import duckdb


def store_parameters(con: "duckdb.DuckDBPyConnection", settings: Settings) -> dict[str, int]:
    """Replace all ``config`` tables in one transaction. Returns rows by table.

    Repositories go by their present names, however old those in the configuration are.
    """
    configuration = settings.configuration
    names = canonical_names(con)
    tables: dict[str, list[dict[str, Any]]] = {
        "config.parameters": [_parameters_row(settings)],
        "config.risks": [_risk_row(configuration)],
        "config.repositories": [
            {"repo": repo, "position": position}
            for position, repo in enumerate(_each_once(settings.repositories, names), start=1)
        ],
        "config.teams": _team_rows(configuration.teams),
        "config.progress_rules": [
            {
                "rule": rule.name,
                "position": position,
                "metric": rule.metric,
                "comparison": rule.comparison[0],
                "threshold": rule.comparison[1],
                "points": rule.points,
            }
            for position, rule in enumerate(configuration.progress.rules, start=1)
        ],
        "config.critical_workflows": critical_workflow_rows(configuration, names),
        "config.default_branches": [
            {"repo": _canonical(repo, names), "branch": branch, "until": until.astimezone(UTC).replace(tzinfo=None)}
            for repo, branches in configuration.default_branches.items()
            for branch, until in branches.items()
        ],
        "config.autofix_bots": [{"login": login} for login in configuration.autofix.bots],
        "config.runner_prices": [
            {"label": label, "position": position, "per_minute": price}
            for position, (label, price) in enumerate(configuration.costs.per_minute.items(), start=1)
        ],
        "config.working_days": [
            {"weekday": WEEKDAYS.index(day) + 1} for day in dict.fromkeys(configuration.forecast.working_days)
        ],
        "config.blackout_days": [{"day": day} for day in sorted(configuration.forecast.blackout())],
    }
    with transaction(con):
        return {name: replace_table(con, name, rows) for name, rows in tables.items()}


def _parameters_row(settings: Settings) -> dict[str, Any]:
    configuration = settings.configuration
    progress = configuration.progress
    return {
        "as_of": settings.now().astimezone(UTC).replace(tzinfo=None),
        "history_days": configuration.history_days,
        "progress_formula": progress.formula,
        "progress_learnt": progress.learnt,
        "window_days": progress.window_days,
        "pass_rate_threshold": progress.pass_rate_threshold,
        "autofix_threshold": progress.autofix_threshold,
        **{f"points_{rule}": points for rule, points in progress.points.model_dump().items()},
        "autofix_horizon_hours": float(configuration.autofix.horizon_hours),
        "comments_create": configuration.comments.create,
        "comments_when_green": configuration.comments.when_green,
        "tracking_issues_create": configuration.tracking_issues.create,
        "milestones_create_from_labels": configuration.milestones.create_from_labels,
        "cost_currency": configuration.costs.currency if configuration.costs.per_minute else None,
        "minutes_per_repair": configuration.savings.minutes_per_repair,
        "minutes_per_rerun": configuration.savings.minutes_per_rerun,
    }


def _team_rows(teams: Teams) -> list[dict[str, Any]]:
    rows: list[tuple[str, str, str | None]] = [("pattern", *each) for each in teams.repositories.items()]
    if teams.custom_property is not None:
        rows.append(("property", teams.custom_property, None))
    if teams.topic_prefix is not None:
        rows.append(("topic_prefix", teams.topic_prefix.lower(), None))
    return [
        {"position": position, "kind": kind, "value": value, "team": team}
        for position, (kind, value, team) in enumerate(rows, start=1)
    ]


def _risk_row(configuration: Configuration) -> dict[str, Any]:
    risks = configuration.risks
    return risks.model_dump() | {"blocked_labels": [label.strip().lower() for label in risks.blocked_labels]}


def critical_workflow_rows(configuration: Configuration, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Return repository and path of each configured critical workflow; ``names`` are the repositories' present ones."""
    return [
        {"repo": _canonical(repo, names), "workflow_path": _path(name)}
        for repo, workflows in configuration.critical_workflows.items()
        for name in workflows
    ]


def _canonical(repo: str, names: Mapping[str, str]) -> str:
    return names.get(repo.casefold(), repo)


def _each_once(repositories: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(_canonical(repo, names) for repo in repositories))


def _path(name: str) -> str:
    """Return a workflow's path: ``ci.yml`` is the file in the usual folder, anything with a slash a path already."""
    return name if "/" in name else f".github/workflows/{name}"
