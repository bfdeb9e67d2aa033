"""Examples of every command, as its `--help` shows them.

Belongs here: lines that can be typed as they stand, the commonest first. What a command does is said beside it.
"""

import click

_EXAMPLES: dict[str, tuple[str, ...]] = {
    "run": ("roadmap run", "roadmap run --json"),
    "init": ("roadmap init", "roadmap init --repository acme/payments --workflows --yes"),
    "ingest": ("roadmap ingest", "roadmap ingest --repository acme/payments", "roadmap ingest --from recorded/"),
    "build": ("roadmap build", "roadmap build --select 'marts.ci_weekly+'", "roadmap build --diff"),
    "sync": ("roadmap sync --dry-run", 'roadmap sync --milestone "Stage 7.3"', "roadmap sync --only reports"),
    "two-way": ("roadmap two-way --dry-run", "roadmap two-way"),
    "report": ("roadmap report", "roadmap report --week 2026-W46 --html --output week.html"),
    "quarterly": ("roadmap quarterly", "roadmap quarterly --quarter Q4-2026", "roadmap quarterly --auto-quarter"),
    "status": ("roadmap status", "roadmap status --check", "roadmap status --markdown"),
    "doctor": ("roadmap doctor", "roadmap doctor --json"),
    "explain": (
        'roadmap explain "Stage 7.3"',
        "roadmap explain 2026-W46 final_pass_rate",
        'roadmap explain "Stage 7.3" --what-if pass_rate_threshold=0.7',
    ),
    "classify": ("roadmap classify job.log", "roadmap classify --json job.log.gz"),
    "failures": ("roadmap failures unknown", "roadmap failures test-rule 'npm error code E\\w+'"),
    "failures unknown": ("roadmap failures unknown", "roadmap failures unknown --limit 20"),
    "failures test-rule": (
        "roadmap failures test-rule 'npm error code E\\w+' --passing passed.log",
        "roadmap failures test-rule --rules my-rules.toml",
    ),
    "notify": ("roadmap notify --dry-run", "roadmap notify --test"),
    "setup-notion": ("roadmap setup-notion --show-schema", "roadmap setup-notion --create-databases"),
    "query": ("roadmap query 'show tables'", "roadmap query --csv 'select * from marts.ci_weekly' > weeks.csv"),
    "docs": ("roadmap docs > tables.md", "roadmap docs --json", "roadmap docs --commands"),
    "export-dbt": ("roadmap export-dbt dbt_project",),
    "export-parquet": ("roadmap export-parquet files", "roadmap export-parquet files --schema marts"),
    "compact": ("roadmap compact", "roadmap compact --keep-days 7"),
    "copy-from": ("roadmap copy-from data/roadmap.duckdb",),
    "sandbox": ("roadmap sandbox", "roadmap sandbox --replay recorded/"),
    "ui": ("roadmap ui", "roadmap ui --port 3001"),
    "webhooks": (
        "roadmap webhooks",
        "roadmap webhooks --host 0.0.0.0 --port 8010",
        "roadmap webhooks --notion-handshake",
    ),
    "completion": (
        'eval "$(roadmap completion bash)"',
        "roadmap completion fish > ~/.config/fish/completions/roadmap.fish",
    ),
}


def add_examples(group: click.Group, path: str = "") -> None:
    """Let the help of every command in ``group`` end with its examples."""
    for name, command in group.commands.items():
        full_name = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            add_examples(command, full_name)
        if lines := _EXAMPLES.get(full_name):
            word = "Example" if len(lines) == 1 else "Examples"
            shown = "\n".join(f"  {line}" for line in lines)
            command.epilog = f"\b\n{word}:\n{shown}"
