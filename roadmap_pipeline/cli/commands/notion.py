"""The command about Notion alone: ``setup-notion``."""

import click

from roadmap_pipeline.cli.base import Command
from roadmap_pipeline.cli.context import console, json_option, live_runtime, print_json


@click.command("setup-notion", cls=Command)
@click.option("--show-schema", is_flag=True, help="Print the databases and their properties (the default).")
@click.option("--create-databases", is_flag=True, help="Create what is missing under NOTION_PARENT_PAGE_ID.")
@json_option
def setup_notion(show_schema: bool, create_databases: bool, as_json: bool) -> None:
    """Show the schema of the two Notion databases, or create them."""
    if show_schema and create_databases:
        raise click.UsageError("--show-schema and --create-databases exclude each other")
    if create_databases:
        from roadmap_pipeline import pipeline

        with live_runtime() as runtime:
            result = pipeline.setup_notion(runtime)
        if as_json:
            print_json(result.to_json())
            return
        from roadmap_pipeline.cli.rendering.sync import print_sync

        print_sync(console(), result)
        return
    from roadmap_pipeline.notion.schema import show_schema as schema_rows

    if as_json:
        for row in schema_rows():
            print_json(row)
        return
    from roadmap_pipeline.cli.rendering.tables import print_table

    for database in dict.fromkeys(row["database"] for row in schema_rows()):
        rows = [
            {
                name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
                for name, value in row.items()
            }
            for row in (
                {k: v for k, v in row.items() if k != "database"}
                for row in schema_rows()
                if row["database"] == database
            )
        ]
        print_table(console(), database, rows)
