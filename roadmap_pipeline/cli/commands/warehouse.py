"""The commands for what is stored: reading it, handing it out, and moving it."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from roadmap_pipeline.cli.base import Command
from roadmap_pipeline.cli.context import console, json_option, print_json, read_settings, show_progress


@click.command(cls=Command)
@click.argument("sql", required=False)
@click.option(
    "--file", "-f", "file", type=click.Path(path_type=Path), help="Read the SQL from FILE (-: standard input)."
)
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Print CSV, with a header; what a spreadsheet would take for a formula begins with '.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write to FILE: CSV or JSON lines, as its ending says (.csv, .json, .jsonl, .ndjson) or an option.",
)
@json_option
def query(sql: str | None, file: Path | None, as_csv: bool, output: Path | None, as_json: bool) -> None:
    """Run SQL on the readers' snapshot and print the rows. SQL may also come from --file or standard input.

    `show tables` lists what there is. Into a pipe every row goes, each on one line.
    """
    from roadmap_pipeline.cli.query_output import format_for, lines, read_query, write_lines
    from roadmap_pipeline.failures.display import without_controls
    from roadmap_pipeline.warehouse.query import run_query

    format_name = format_for(as_csv=as_csv, as_json=as_json, output=output)
    result = run_query(read_settings().warehouse, read_query(sql, file))
    if output is not None:
        write_lines(output, lines(result, format_name))
        click.echo(f"{len(result.rows):,} {'row' if len(result.rows) == 1 else 'rows'} written to {output}")
    elif format_name is not None or not sys.stdout.isatty():
        # Into a pipe values go as they are; click would take colours out of them.
        shown = without_controls if sys.stdout.isatty() else str
        for line in lines(result, format_name):
            click.echo(shown(line), color=True)
    else:
        from roadmap_pipeline.cli.rendering.tables import print_table

        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        print_table(console(), None, rows, result.columns)


@click.command(cls=Command)
@click.option("--automation", is_flag=True, help="Print which schedule or sensor starts what (docs/automation.md).")
@click.option("--commands", is_flag=True, help="Print the reference of all commands (docs/cli.md).")
@json_option
def docs(automation: bool, commands: bool, as_json: bool) -> None:
    """Print the data dictionary: every table and column with its meaning, as Markdown (docs/tables.md)."""
    if automation + commands + as_json > 1:
        raise click.UsageError("--automation, --commands and --json: give one of them")
    if automation:
        from roadmap_pipeline.orchestration.build import build_definitions
        from roadmap_pipeline.orchestration.overview import automation_page

        click.echo(automation_page(build_definitions()), nl=False)
        return
    if commands:
        from roadmap_pipeline.cli.reference import command_reference

        click.echo(command_reference(), nl=False)
        return
    from roadmap_pipeline.warehouse.dictionary import data_dictionary, dictionary_rows
    from roadmap_pipeline.warehouse.models import project

    if as_json:
        for row in dictionary_rows(project()):
            print_json(row)
        return
    click.echo(data_dictionary(project()), nl=False)


@click.command("export-dbt", cls=Command)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def export_dbt(directory: Path, as_json: bool) -> None:
    """Write the SQL models with their tests as a dbt project into DIR: a new, an empty, or an earlier export's folder.

    Then, in DIR: pip install -r requirements.txt && dbt build
    """
    from roadmap_pipeline import pipeline

    with show_progress():
        exported = pipeline.export_dbt(read_settings(), directory)
    if as_json:
        print_json(exported)
        return
    click.echo(
        f"{exported['directory']}: {exported['models']} models, {exported['data_tests']} data tests,"
        f" {exported['unit_tests']} unit tests, {exported['singular_tests']} tests across models\n"
        "Now, in that folder: pip install -r requirements.txt && dbt build"
    )


@click.command("export-parquet", cls=Command)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--schema",
    "schemas",
    multiple=True,
    metavar="NAME",
    help="Schema to export, may be repeated (default: marts and publish; others are staging, intermediate, raw,"
    " derived, config).",
)
@json_option
def export_parquet(directory: Path, schemas: Sequence[str], as_json: bool) -> None:
    """Write the readers' snapshot as Parquet files DIR/SCHEMA/TABLE.parquet.

    DIR is new, empty, or an earlier export, which is replaced at once when everything is written.
    """
    from roadmap_pipeline.warehouse.parquet_export import DEFAULT_SCHEMAS, export_tables

    with show_progress():
        exported = export_tables(read_settings().warehouse, directory, schemas or DEFAULT_SCHEMAS)
    if as_json:
        for table in exported:
            print_json({"table": table.name, "rows": table.rows, "file": str(table.path)})
        return
    from roadmap_pipeline.cli.rendering.tables import print_table

    rows = [{"file": str(table.path.relative_to(directory)), "rows": f"{table.rows:,}"} for table in exported]
    print_table(console(), f"Written to {directory}", rows)


@click.command(cls=Command)
@click.option(
    "--keep-days",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="On a lake: keep its states of the last so many days, for those who have one open.",
)
@json_option
def compact(keep_days: float, as_json: bool) -> None:
    """Give back the room that replaced rows took in the warehouse: the file is rewritten, a lake's files are merged.

    Nobody else can write meanwhile. Once a week is plenty (docs/scaling.md).
    """
    from roadmap_pipeline.warehouse.compaction import compact as compact_warehouse

    with show_progress():
        done = compact_warehouse(read_settings().warehouse, keep_days)
    if as_json:
        print_json(
            {
                "warehouse": done.warehouse,
                "files_before": done.before.files,
                "bytes_before": done.before.bytes,
                "files_after": done.after.files,
                "bytes_after": done.after.bytes,
            }
        )
        return
    before, after = (
        f"{size.bytes / 1e6:,.1f} MB in {size.files:,} {'file' if size.files == 1 else 'files'}"
        for size in (done.before, done.after)
    )
    click.echo(f"{done.warehouse}: {before} before, {after} now")


@click.command("copy-from", cls=Command)
@click.argument("warehouse")
@json_option
def copy_from(warehouse: str, as_json: bool) -> None:
    """Copy all that was read and decided from another WAREHOUSE into this one, which must be new.

    Either may be a file or a lake. Models are built from it: run `roadmap build` next.
    """
    from roadmap_pipeline.warehouse.copying import copy_warehouse

    settings = read_settings()
    with show_progress():
        copied = copy_warehouse(warehouse, settings.warehouse)
    if as_json:
        print_json(copied)
        return
    click.echo(f"{sum(copied.values()):,} rows copied; now run: roadmap build")
