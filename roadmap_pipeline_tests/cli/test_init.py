"""`roadmap init`: what it writes and what it never does, and completion and examples for those who begin."""

import json
import os
import pty
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from roadmap_pipeline.cli.app import main
from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.pipeline.initialization import WORKFLOWS, Choices, configuration_text
from roadmap_pipeline.settings import load_settings
from roadmap_pipeline_tests.cli.test_cli import nothing_written, root, served  # noqa: F401 - fixtures
from roadmap_pipeline_tests.conftest import Ran


def call(*words: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["init", *words], env=env or {})


@pytest.fixture
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    monkeypatch.chdir(root)
    return root


def test_by_options_without_credentials(here: Path) -> None:
    words = ("--repository", "acme/payments", "--repository", "acme/storefront", "--history-days", "90")
    result = call(*words, "--map", "feature/checkout-*=Stage 7.3", "--yes")
    assert result.exit_code == 0, result.output
    written = tomllib.loads((here / "roadmap.toml").read_text(encoding="utf-8"))
    assert written == {
        "repositories": ["acme/payments", "acme/storefront"],
        "history_days": 90,
        "milestones": {"mapping": {"feature/checkout-*": "Stage 7.3"}},
    }
    assert load_settings({}, here).repositories == ("acme/payments", "acme/storefront")
    assert "· credentials: GITHUB_TOKEN and NOTION_API_KEY are not set" in result.output
    assert result.output.endswith(
        "Next:\n  export GITHUB_TOKEN=…\n  export NOTION_API_KEY=…\n  export NOTION_PARENT_PAGE_ID=…\n"
        "  roadmap doctor\n  roadmap run\n"
    )


@pytest.mark.usefixtures("nothing_written")
def test_credentials_are_checked_and_never_written(ran: Ran, here: Path) -> None:
    environment = served(ran, here)
    result = call("--yes", "--workflows", "--json", env=environment)
    assert result.exit_code == 0, result.output
    end = json.loads(result.stdout)
    names = [Path(path).name for path in end["written"]]
    assert names == ["roadmap.toml", *WORKFLOWS]
    assert "gh secret set NOTION_API_KEY" in end["next"]
    assert "✓ GitHub: acme/payments, acme/storefront, acme/platform can be read" in result.stderr
    assert "✓ Notion: both databases are in shape" in result.stderr
    for path in end["written"]:
        text = Path(path).read_text(encoding="utf-8")
        assert environment["GITHUB_TOKEN"] not in text
        assert environment["NOTION_API_KEY"] not in text
    assert not (here / "w.duckdb").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"GITHUB_TOKEN": "wrong"}, "✗ GitHub: GITHUB_TOKEN: not accepted"),
        ({"NOTION_API_KEY": "wrong"}, "✗ Notion: NOTION_API_KEY was refused"),
        ({"GITHUB_REPOSITORY": "acme/payments,acme/paymets"}, "✗ GitHub: GITHUB_REPOSITORY: acme/paymets does not"),
        ({"NOTION_PARENT_PAGE_ID": "nonsense"}, "✗ environment: NOTION_PARENT_PAGE_ID: 'nonsense' holds no Notion id"),
    ],
)
def test_nothing_is_written_while_something_is_refused(
    changes: dict[str, str], said: str, ran: Ran, here: Path
) -> None:
    environment = served(ran, here, **changes)
    result = call("--yes", env=environment)
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert not (here / "roadmap.toml").exists()
    assert call("--yes", "--offline", env=environment).exit_code == 0


def test_workflows_use_the_copy_that_was_named(here: Path) -> None:
    words = ("--repository", "a/b", "--workflows", "--action", "acme/roadmap_pipeline@0123abc", "--yes", "--offline")
    result = call(*words)
    assert (result.exit_code, "OWNER" in result.output) == (0, False)
    for name in WORKFLOWS:
        text = (here / ".github" / "workflows" / name).read_text(encoding="utf-8")
        assert "        uses: acme/roadmap_pipeline@0123abc\n" in text


def test_workflows_have_their_configuration_in_the_clone(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = here / "clone"
    clone.mkdir()
    monkeypatch.chdir(clone)
    assert call("--repository", "a/b", "--workflows", "--yes", "--offline").exit_code == 0
    assert [path.name for path in here.iterdir()] == ["clone"]
    assert (clone / "roadmap.toml").is_file()


def test_what_is_there_is_replaced_by_force_only(here: Path) -> None:
    (here / "roadmap.toml").write_text("history_days = 7\n")
    words = ("--repository", "a/b", "--yes", "--offline")
    refused = call(*words)
    assert (refused.exit_code, "is there already: --force replaces it" in refused.output) == (2, True)
    assert (here / "roadmap.toml").read_text() == "history_days = 7\n"
    assert call(*words, "--force").exit_code == 0
    assert load_settings({}, here).repositories == ("a/b",)
    elsewhere = {"ROADMAP_CONFIG": str(here / "conf" / "mine.toml")}
    assert call(*words, env=elsewhere).exit_code == 0
    assert (here / "conf" / "mine.toml").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no repository is named"),
        (("--repository", "payments"), "--repository: 'payments' is not owner/name"),
        (("--repository", "a/b", "--map", "feature"), "--map: 'feature' is not GLOB=TITLE"),
        (("--repository", "a/b", "--history-days", "0"), "--history-days"),
        (("--repository", "a/b", "--workflows", "--action", "roadmap"), "--action: 'roadmap' is not OWNER/NAME@COMMIT"),
    ],
)
def test_wrong_words(words: tuple[str, ...], said: str, here: Path) -> None:
    result = call(*words, "--yes")
    assert (result.exit_code, said in result.output) == (2, True)
    assert list(here.iterdir()) == []


_TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@given(st.dictionaries(_TEXTS, _TEXTS, max_size=4))
def test_any_mapping_is_read_as_it_was_given(mapping: dict[str, str]) -> None:
    try:
        text = configuration_text(Choices(["acme/payments"], mapping=mapping))
    except ConfigurationError:
        return  # said in a line
    assert tomllib.loads(text).get("milestones", {}).get("mapping", {}) == mapping


def test_on_a_terminal_it_asks(here: Path) -> None:
    (here / "roadmap.toml").write_text("history_days = 7\n")
    leader, follower = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "NOTION_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "roadmap_pipeline.cli.app", "init", "--offline"],
        stdin=follower, stdout=follower, stderr=follower, cwd=here,
        env={**environment, "ROADMAP_CONFIG": str(here / "roadmap.toml")},
    )  # fmt: skip
    os.close(follower)
    shown = ""
    for question, answer in (
        ("replace it?", "y"), ("Repositories", "acme/payments"), ("GITHUB_TOKEN", "ghp_hidden"), ("NOTION_API_KEY", ""),
    ):  # fmt: skip
        while question not in shown:
            shown += os.read(leader, 1024).decode()
        os.write(leader, f"{answer}\n".encode())
    while (more := _read(leader)) is not None:
        shown += more
    assert process.wait(timeout=30) == 0, shown
    assert "ghp_hidden" not in shown
    assert "ghp_hidden" not in (here / "roadmap.toml").read_text()
    assert 'repositories = ["acme/payments"]' in (here / "roadmap.toml").read_text()


def _read(descriptor: int) -> str | None:
    try:
        return os.read(descriptor, 1024).decode() or None
    except OSError:  # the other end is closed
        return None


def _commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}".strip(), command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}".strip())


def test_the_help_of_every_command_has_examples_that_are_understood() -> None:
    for name, command in _commands(main):
        assert command.epilog, name
        for line in command.epilog.splitlines()[2:]:
            words = shlex.split(line.replace('eval "$(', "").replace(')"', ""))
            words = words[: words.index(">")] if ">" in words else words
            assert words[0] == "roadmap", line
            with main.make_context("roadmap", words[1:]) as context:
                found, inner, rest = main.resolve_command(context, [*context._protected_args, *context.args])
                assert inner is not None
                parsed = inner.make_context(found, list(rest), parent=context)
                assert parsed is not None, line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_for_each_shell(shell: str) -> None:
    script = CliRunner().invoke(main, ["completion", shell])
    assert script.exit_code == 0
    assert "_ROADMAP_COMPLETE" in script.output
    assert "roadmap" in script.output


def test_words_are_completed() -> None:
    environment = {**os.environ, "_ROADMAP_COMPLETE": "bash_complete", "COMP_WORDS": "roadmap stat", "COMP_CWORD": "1"}
    done = subprocess.run(
        [Path(sys.executable).parent / "roadmap"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["plain,status"]


def test_the_dictionary_as_rows() -> None:
    rows = [json.loads(line) for line in CliRunner().invoke(main, ["docs", "--json"]).stdout.splitlines()]
    assert {"table": "marts.ci_weekly", "column": "week"}.items() <= next(
        row for row in rows if (row["table"], row["column"]) == ("marts.ci_weekly", "week")
    ).items()
    assert all(row["description"] for row in rows)
