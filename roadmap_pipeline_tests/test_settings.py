"""Settings: defaults, every problem at once, sides, and secrets that stay secret."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from roadmap_pipeline.errors import ConfigurationError
from roadmap_pipeline.settings import REPLAY_GITHUB_TOKEN, SANDBOX_GITHUB_TOKEN, SANDBOX_NOTION_KEY, load_settings

PAGE = "5a11d0c5000040008000000000000e3c"


def write(folder: Path, text: str) -> Path:
    path = folder / "roadmap.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(environment: dict[str, str], root: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment, root)
    return list(caught.value.problems)


def test_defaults_are_the_contracts(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    progress = settings.configuration.progress
    assert (progress.window_days, progress.pass_rate_threshold, progress.autofix_threshold) == (28, 0.8, 0.7)
    assert progress.points.model_dump() == {
        "pass_rate": 25,
        "autofix_success": 15,
        "critical_workflows_green": 30,
        "docs_and_pr_merged": 30,
    }
    assert settings.configuration.history_days == 400
    assert settings.configuration.autofix.horizon_hours == 24
    assert settings.warehouse == str(tmp_path / "data" / "roadmap.duckdb")
    assert settings.dagster_home == tmp_path / "data" / "dagster"
    assert (settings.github_side, settings.notion_side) == ("sandbox", "sandbox")


def test_three_mistakes_are_reported_at_once_with_their_remedy(tmp_path: Path) -> None:
    write(tmp_path, "history_days = 0\n[progress]\nwindow = 14\npass_rate_threshold = 80\n")
    found = problems({}, tmp_path)
    assert len(found) == 3
    assert any("history_days" in text and "given: 0" in text for text in found)
    assert any("progress.window" in text and "did you mean window_days?" in text for text in found)
    assert any("progress.pass_rate_threshold" in text and "given: 80" in text for text in found)


def test_problems_of_file_and_environment_come_together(tmp_path: Path) -> None:
    write(tmp_path, "unheard_of = 1\n")
    found = problems({"GITHUB_TOKEN": "t", "NOTION_API_KEY": "n", "ROADMAP_NOW": "soon"}, tmp_path)
    for part in ("unheard_of", "GITHUB_REPOSITORY", "NOTION_PARENT_PAGE_ID", "ROADMAP_NOW"):
        assert any(part in text for text in found), part


OWN_RULE = """
[progress]
points = { pass_rate = 5 }
[[progress.rules]]
name = "half_done"
metric = "work_done"
at_least = 0.5
points = 20
"""


def test_rules_of_progress_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path, OWN_RULE)
    (rule,) = load_settings({}, tmp_path).configuration.progress.rules
    assert (rule.name, rule.metric, rule.comparison, rule.points) == ("half_done", "work_done", ("at_least", 0.5), 20)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "points = 20", "points = 25",
            "progress: the points add up to 105, not 100: pass_rate 5, autofix_success 15, critical_workflows_green 30,"
            " docs_and_pr_merged 30, half_done 25",
        ),
        ("points = { pass_rate = 5 }", "", "progress: the points add up to 120, not 100"),
        ('"half_done"', '"pass_rate"', "progress: rules: the name pass_rate is taken"),
        ('"half_done"', '"Half done"', "progress.rules.0.name: "),
        ("at_least = 0.5", "", "half_done: give one of at_least, above, at_most, below"),
        ("at_least = 0.5", "at_least = 0.5\nbelow = 1", "half_done: give one of at_least, above, at_most, below"),
        ('"work_done"', '"velocity"', "progress.rules.0.metric: "),
        ("points = 20", "points = 20\nwhere = '1 = 1'", "unknown key progress.rules.0.where"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_of_progress(before: str, after: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, OWN_RULE.replace(before, after))
    found = problems({}, tmp_path)
    assert any(said in text for text in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[warehouse]\nmemory_limit = "plenty"', "warehouse.memory_limit: 'plenty' is no amount of memory such as 2GB"),
        ("[retention]\nkeep_payload_days = 0", "retention.keep_payload_days: "),
        ("[retention]\nkeep_logs_days = 3", "unknown key retention.keep_logs_days"),
        ('[teams.repositories]\n"pay-*" = "Payments"', "'pay-*' is not owner/name, nor a pattern such as acme/pay-*"),
        ('[teams.repositories]\n"acme/*" = ""', "teams.repositories.acme/*: "),
        ('[teams]\ntopic_prefix = ""', "teams.topic_prefix: "),
        ("[teams]\ncustom_property = 'a\"b'", "teams.custom_property: "),
    ],
)
def test_what_is_wrong_with_teams_and_the_warehouse(text: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    found = problems({}, tmp_path)
    assert any(said in one for one in found), found


def test_learnt_progress_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "[progress]\nlearnt = true\n")
    assert load_settings({}, tmp_path).configuration.progress.learnt
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert problems({}, tmp_path) == [
        "roadmap.toml: progress.learnt needs scikit-learn, which is not installed: pip install"
        " 'roadmap_pipeline[learnt]', or leave it out"
    ]
    write(tmp_path, "")
    assert not load_settings({}, tmp_path).configuration.progress.learnt


def test_broken_toml_names_the_file_and_place(tmp_path: Path) -> None:
    write(tmp_path, "[progress\n")
    (found,) = problems({}, tmp_path)
    assert "roadmap.toml" in found
    assert "line 1" in found


def test_a_named_configuration_must_exist_but_the_default_need_not(tmp_path: Path) -> None:
    (found,) = problems({"ROADMAP_CONFIG": str(tmp_path / "elsewhere.toml")}, tmp_path)
    assert "elsewhere.toml" in found
    load_settings({}, tmp_path)


@pytest.mark.parametrize(
    "given",
    [
        PAGE,
        "5a11d0c5-0000-4000-8000-000000000e3c",
        f"https://app.notion.com/p/Engineering-{PAGE}",
        f"https://www.notion.so/acme/Engineering-{PAGE}?v=0123",
    ],
)
def test_notion_ids_are_taken_from_links_too(given: str, tmp_path: Path) -> None:
    settings = load_settings({"NOTION_API_KEY": "k", "NOTION_PARENT_PAGE_ID": given}, tmp_path)
    assert settings.notion_parent_page_id == "5a11d0c5-0000-4000-8000-000000000e3c"


def test_several_repositories_and_one_wrong_name(tmp_path: Path) -> None:
    settings = load_settings({"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "acme/a, acme/b,acme/a"}, tmp_path)
    assert settings.repositories == ("acme/a", "acme/b")
    (found,) = problems({"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "acme"}, tmp_path)
    assert "'acme' is not owner/name" in found


def test_one_side_alone_leaves_the_other_missing(tmp_path: Path) -> None:
    settings = load_settings({"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "acme/a"}, tmp_path)
    assert (settings.github_side, settings.notion_side) == ("real", "missing")
    # GitHub Actions always sets the repository: alone it configures nothing.
    assert load_settings({"GITHUB_REPOSITORY": "acme/a"}, tmp_path).github_side == "sandbox"


@pytest.mark.parametrize(
    ("environment", "deployment"),
    [
        ({}, "sandbox"),
        ({"GITHUB_TOKEN": SANDBOX_GITHUB_TOKEN, "NOTION_API_KEY": SANDBOX_NOTION_KEY}, "sandbox"),
        ({"GITHUB_TOKEN": REPLAY_GITHUB_TOKEN, "NOTION_API_KEY": SANDBOX_NOTION_KEY}, "replay"),
        ({"GITHUB_TOKEN": "t", "NOTION_API_KEY": SANDBOX_NOTION_KEY}, "real"),
        ({"GITHUB_TOKEN": SANDBOX_GITHUB_TOKEN, "NOTION_API_KEY": "k"}, "real"),
        ({"GITHUB_TOKEN": SANDBOX_GITHUB_TOKEN}, "real"),
    ],
)
def test_what_a_run_works_on(environment: dict[str, str], deployment: str, tmp_path: Path) -> None:
    named = {"GITHUB_REPOSITORY": "acme/a", "NOTION_PARENT_PAGE_ID": "0" * 32, **environment}
    assert load_settings(named, tmp_path).deployment == deployment


PEM = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END RSA PRIVATE KEY-----\n"
APP = {"GITHUB_APP_ID": "7", "GITHUB_APP_PRIVATE_KEY": PEM, "GITHUB_REPOSITORY": "acme/a,acme/b"}


def test_an_installed_app_is_a_credential_of_github(tmp_path: Path) -> None:
    settings = load_settings(APP, tmp_path)
    assert (settings.github_side, settings.notion_side, settings.origin) == ("real", "missing", "real")
    app = settings.github_app
    assert app is not None
    assert (app.app_id, app.installation_id, app.repository) == ("7", None, "acme/a")
    named = load_settings({**APP, "GITHUB_APP_INSTALLATION_ID": "55"}, tmp_path).github_app
    assert named is not None and named.installation_id == 55


def test_an_apps_key_is_text_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "app.pem"
    file.write_text(PEM)
    keys = set()
    for given in (PEM, PEM.replace("\n", "\\n"), str(file)):
        app = load_settings({**APP, "GITHUB_APP_PRIVATE_KEY": given}, tmp_path).github_app
        assert app is not None
        keys.add(app.private_key.get_secret_value())
    assert keys == {PEM.strip()}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"GITHUB_APP_PRIVATE_KEY": ""}, "GITHUB_APP_PRIVATE_KEY: not set, but other settings of a GitHub App are"),
        ({"GITHUB_APP_ID": ""}, "GITHUB_APP_ID: not set"),
        (
            {"GITHUB_APP_ID": "", "GITHUB_APP_PRIVATE_KEY": "", "GITHUB_APP_INSTALLATION_ID": "5"},
            "GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY: not set",
        ),
        ({"GITHUB_TOKEN": "t"}, "GITHUB_TOKEN and a GitHub App (GITHUB_APP_…) are both set: unset one of them"),
        ({"GITHUB_APP_INSTALLATION_ID": "acme"}, "GITHUB_APP_INSTALLATION_ID: 'acme' is no number"),
        ({"GITHUB_APP_ID": "my app"}, "GITHUB_APP_ID is neither"),
        ({"GITHUB_APP_PRIVATE_KEY": "/no/such/file.pem"}, "GITHUB_APP_PRIVATE_KEY is neither a private key"),
        ({"GITHUB_APP_PRIVATE_KEY": "c2VjcmV0c2VjcmV0"}, "GITHUB_APP_PRIVATE_KEY is neither a private key"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_APP_ID is set but no repository is named"),
    ],
)
def test_half_an_app_or_two_credentials_are_a_problem(changes: dict[str, str], text: str, tmp_path: Path) -> None:
    (found,) = problems({**APP, **changes}, tmp_path)
    assert found.startswith(text)
    assert "c2VjcmV0c2VjcmV0" not in found


def test_an_apps_key_never_shows(tmp_path: Path) -> None:
    settings = load_settings(APP, tmp_path)
    assert "c2VjcmV0c2VjcmV0" not in repr(settings) + str(settings.github_app)


def test_limits_of_githubs_quota(tmp_path: Path) -> None:
    limits = load_settings({}, tmp_path).configuration.limits
    assert (limits.github_quota_reserve, limits.github_requests_per_run) == (0.1, None)
    write(tmp_path, "[limits]\ngithub_quota_reserve = 1\ngithub_requests_per_run = 0\n")
    assert len(problems({}, tmp_path)) == 2


def test_secrets_never_show(tmp_path: Path) -> None:
    secret = "ghp_" + "s3cret" * 6
    settings = load_settings({"GITHUB_TOKEN": secret, "GITHUB_REPOSITORY": "acme/a"}, tmp_path)
    assert secret not in repr(settings)
    assert secret not in str(settings)


def test_now_is_utc_whatever_the_offset(tmp_path: Path) -> None:
    for text in ("2026-11-16T06:00:00Z", "2026-11-16T07:00:00+01:00", "2026-11-16T06:00:00"):
        assert load_settings({"ROADMAP_NOW": text}, tmp_path).now() == datetime(2026, 11, 16, 6, tzinfo=UTC)


def test_critical_workflows_of_a_repository_that_is_not_configured_are_a_warning(tmp_path: Path) -> None:
    write(tmp_path, 'repositories = ["acme/a"]\n[critical_workflows]\n"acme/b" = ["ci.yml"]\n')
    (warning,) = load_settings({}, tmp_path).warnings
    assert "acme/b" in warning


def test_former_default_branches_are_days_or_times(tmp_path: Path) -> None:
    write(
        tmp_path,
        'repositories = ["acme/a"]\n[default_branches]\n"acme/a" = { master = "2026-10-21", '
        'trunk = 2026-03-01, "release/1" = "2026-01-05T15:30:00+02:00" }\n',
    )
    settings = load_settings({}, tmp_path)
    assert settings.configuration.default_branches == {
        "acme/a": {
            "master": datetime(2026, 10, 21, tzinfo=UTC),
            "trunk": datetime(2026, 3, 1, tzinfo=UTC),
            "release/1": datetime(2026, 1, 5, 13, 30, tzinfo=UTC),
        }
    }
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('default_branches = "master"', "give a table for each repository"),
        ('[default_branches]\nacme = { master = "2026-10-21" }', "'acme' is not owner/name"),
        ('[default_branches]\n"acme/a" = "master"', "acme/a: name each former branch"),
        ('[default_branches]\n"acme/a" = { master = "last year" }', "acme/a: master was the default until 'last year'"),
        (
            '[default_branches]\n"acme/a" = { master = 2026 }',
            "acme/a: master was the default until 2026, which is no day",
        ),
        ('[default_branches]\n"acme/a" = { " " = "2026-10-21" }', "acme/a: a branch without a name"),
    ],
)
def test_former_default_branches_that_say_nothing_are_errors(given: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, given)
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        load_settings({}, tmp_path)


def test_default_branches_of_a_repository_that_is_not_configured_are_a_warning(tmp_path: Path) -> None:
    write(tmp_path, 'repositories = ["acme/a"]\n[default_branches]\n"acme/b" = { master = "2026-10-21" }\n')
    (warning,) = load_settings({}, tmp_path).warnings
    assert "default_branches names acme/b, which is not configured" in warning


FILE_SECRETS = {"GITHUB_TOKEN": "github_token", "NOTION_API_KEY": "notion_api_key"}


@pytest.mark.parametrize("name", FILE_SECRETS)
@pytest.mark.parametrize("text", ["t0ken", "t0ken\n", "\ufefft0ken\r\n", "  t0ken  \n\n"])
def test_secrets_may_stand_in_files(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(text.encode())
    named = {"GITHUB_REPOSITORY": "acme/a", "NOTION_PARENT_PAGE_ID": PAGE}
    environment = {**named, name: "", f"{name}_FILE": str(tmp_path / "secret")}
    secret = getattr(load_settings(environment, tmp_path), FILE_SECRETS[name])
    assert secret.get_secret_value() == "t0ken"


def test_an_apps_key_may_stand_in_a_file_of_its_own_variable(tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(PEM)
    environment = {**APP, "GITHUB_APP_PRIVATE_KEY": "", "GITHUB_APP_PRIVATE_KEY_FILE": str(tmp_path / "app.pem")}
    app = load_settings(environment, tmp_path).github_app
    assert app is not None
    assert app.private_key.get_secret_value() == PEM.strip()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "can't be read: No such file or directory"),
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"s3cret\nand more", "holds more than a token"),
        (b"s3cret and", "holds more than a token"),
        ("s3crét".encode(), "holds more than a token"),
        (b"s3cret\x00\x01", "holds more than a token"),
        (b"s3cret\xff\xfe", "is no text"),
        (b"s3cret" * 20_000, "is too long for a secret"),
    ],
    ids=lambda value: "data" if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("name", FILE_SECRETS)
def test_a_file_without_a_secret_is_named_and_not_quoted(
    name: str, data: bytes | None, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    if data is not None:
        file.write_bytes(data)
    (found,) = problems({f"{name}_FILE": str(file)}, tmp_path)
    assert found.startswith(f"{name}_FILE: {file} {said}")
    assert "s3cr" not in found


def test_a_secret_is_given_once_and_a_folder_holds_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    environment = {"GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "acme/a", "GITHUB_TOKEN_FILE": str(tmp_path / "secret")}
    assert problems(environment, tmp_path) == ["GITHUB_TOKEN and GITHUB_TOKEN_FILE are both set: unset one of them"]
    (found,) = problems({"NOTION_API_KEY_FILE": str(tmp_path)}, tmp_path)
    assert found == f"NOTION_API_KEY_FILE: {tmp_path} can't be read: Is a directory"


def test_addresses_of_notifications_are_secrets(tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text("# ours\nslack://TokenA/TokenB/TokenC\n\nmailto://a:b@example.com?to=x@y.com,z@y.com\n")
    settings = load_settings(
        {
            "ROADMAP_NOTIFY_URLS": "json://u:p@host/Tok3n, json://host/two json://host/two",
            "ROADMAP_NOTIFY_URLS_FILE": str(file),
        },
        tmp_path,
    )
    assert [one.get_secret_value() for one in settings.notify_urls] == [
        "json://u:p@host/Tok3n",
        "json://host/two",
        "slack://TokenA/TokenB/TokenC",
        "mailto://a:b@example.com?to=x@y.com,z@y.com",
    ]
    assert "Tok3n" not in repr(settings) and "TokenA" not in repr(settings)
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"ROADMAP_NOTIFY_URLS": "S3cret/Tok3n", "ROADMAP_NOTIFY_URLS_FILE": "/nowhere"}, tmp_path)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "ROADMAP_NOTIFY_URLS_FILE",
        "ROADMAP_NOTIFY_URLS",
    ]
    assert "Tok3n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[risks]\noff_track_below = 0.9", "risks: off_track_below (0.9) is above at_risk_below (0.85)"),
        ("[risks]\nslip_day = 3", "unknown key risks.slip_day; did you mean slip_days?"),
        ('[notifications]\nquiet_hours = "22-7"', "notifications.quiet_hours: give the first and the last hour"),
        ('[notifications]\nquiet_hours = "07:00-07:00"', "notifications.quiet_hours: begins when it ends"),
        ('[notifications]\ntimezone = "Berlin"', "notifications.timezone: no time zone of that name"),
        ('[notifications]\non = ["late"]', "notifications.on.0: Input should be 'overdue'"),
        ('[notifications]\ndigest = "hourly"', "notifications.digest: Input should be 'off', 'daily' or 'weekly'"),
    ],
)
def test_mistakes_in_risks_and_notifications_are_named(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "roadmap.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings({}, tmp_path)
    assert caught.value.problems[0].removeprefix("roadmap.toml: ").startswith(problem)
