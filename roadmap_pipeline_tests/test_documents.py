"""The documents say what is there: tables, settings, commands and make targets."""

import ast
import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import click
from click.testing import CliRunner

from roadmap_pipeline.cli import scripts
from roadmap_pipeline.cli.app import main
from roadmap_pipeline.cli.reference import command_reference
from roadmap_pipeline.configuration import Configuration
from roadmap_pipeline.orchestration.build import build_definitions
from roadmap_pipeline.orchestration.overview import automation_page
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline.warehouse.dictionary import data_dictionary
from roadmap_pipeline.warehouse.models import project

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_the_data_dictionary_is_what_the_models_say() -> None:
    written = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert written == data_dictionary(project()), "run: .venv/bin/roadmap docs > docs/tables.md"


def test_the_reference_of_commands_is_what_they_say() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == command_reference(), "run: .venv/bin/roadmap docs --commands > docs/cli.md"


def _strings() -> str:
    """Return the texts of the product and its scripts, one a line; values in them are `…`."""
    texts = []
    for path in [*(ROOT / "roadmap_pipeline").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
                texts.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


def test_the_messages_in_troubleshooting_are_those_of_the_product() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| ``? ?(.+?) ?``? \|", page, re.MULTILINE)
    assert len(messages) >= 15
    known = _strings().replace("`", "")
    for message in messages:
        for part in message.split("…"):
            assert part.strip(" :;,(") in known, message


def test_command_lines_in_the_documents_are_understood() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for block in re.findall(r"^```sh\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                command = line.split("#")[0].strip().removeprefix(".venv/bin/")
                if command.startswith("roadmap ") and not re.search(r"[|>&]|\.\.\.|…", command):
                    words = _words(command)
                    if words is not None:
                        _parse(main, words)
                elif match := re.search(r"scripts/(\w+)\.py (.*)", command):
                    script = getattr(scripts, match[1])
                    assert script.make_context(match[1], shlex.split(match[2])), line


def _words(command: str) -> list[str] | None:
    """Return the words of a command; None where it goes on on the next line."""
    try:
        return shlex.split(command)[1:]
    except ValueError:
        return None


def _parse(group: click.Group, words: list[str]) -> None:
    with group.make_context("roadmap", list(words)) as context:
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None, words
        assert command.make_context(name, list(rest), parent=context)


def test_what_triggers_what_is_what_the_definitions_say(tmp_path: Path) -> None:
    written = (ROOT / "docs" / "automation.md").read_text(encoding="utf-8")
    page = automation_page(build_definitions(load_settings({}, tmp_path)))
    assert written == page, "run: .venv/bin/roadmap docs --automation > docs/automation.md"


def test_every_command_is_in_the_readme() -> None:
    for name in main.commands:
        assert f"`roadmap {name}" in README, name


def test_every_command_has_help() -> None:
    for name, command in main.commands.items():
        shown = CliRunner().invoke(main, [name, "--help"])
        assert shown.exit_code == 0
        assert command.help, name


def test_every_make_target_is_in_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE):
        assert f"`make {target}`" in README, target


def test_what_make_targets_start_and_install_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    started = set(re.findall(r"(?:roadmap_pipeline_tests|benchmarks|docs|\.ci)/[\w/]+(?:\.\w+)?", makefile))
    assert len(started) > 10
    assert [path for path in sorted(started) if not (ROOT / path).exists()] == []
    settings = ConfigParser(interpolation=None)
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    installed = {extra for extras in re.findall(r"'\.\[([\w,-]+)\]'", makefile) for extra in extras.split(",")}
    assert installed <= set(settings["options.extras_require"])
    # The pip of Python 3.11 finds no extra whose name has an underscore, and only warns.
    assert [extra for extra in settings["options.extras_require"] if "_" in extra] == []


def test_every_key_of_the_configuration_is_described() -> None:
    for name, field in Configuration.model_fields.items():
        assert f"`{name}" in CONFIGURATION, name
        for inner in getattr(field.annotation, "model_fields", {}):
            assert f"`{inner}" in CONFIGURATION or f"`{name}.{inner}" in CONFIGURATION, f"{name}.{inner}"


def test_every_variable_is_described() -> None:
    source = (ROOT / "roadmap_pipeline" / "settings.py").read_text(encoding="utf-8")
    for variable in set(re.findall(r'"((?:GITHUB|NOTION|ROADMAP|DAGSTER)_[A-Z_]+)"', source)):
        assert f"`{variable}`" in CONFIGURATION, variable


def test_links_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if not link.startswith("http"):
                assert (document.parent / link).exists(), f"{document.name}: {link}"
