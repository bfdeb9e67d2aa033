"""The documents say what is there: tables, settings, commands and make targets."""

import re
from pathlib import Path

from click.testing import CliRunner

from roadmap_pipeline.cli.app import main
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
