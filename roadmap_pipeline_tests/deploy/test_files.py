"""The files in deploy/ agree with the project and with each other; that they work is for `make test-deployment`."""

import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadmap_pipeline_tests.deploy.compose import DEPLOY, compose

ROOT = DEPLOY.parent
OURS = ("code", "webserver", "daemon")
VARIABLES = {"DAGSTER_POSTGRES_PASSWORD": "planted"}


def parsed(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    described: dict[str, Any] = compose(VARIABLES)["services"]
    return described


def test_the_instance_is_the_projects_with_another_storage() -> None:
    project, deployed = parsed(ROOT / "dagster.yaml"), parsed(DEPLOY / "dagster.yaml")
    del project["event_log_storage"]  # keeps SQLite files open
    for key in ("max_user_code_failure_retries", "user_code_failure_retry_delay"):  # of a code server elsewhere
        del deployed["run_coordinator"]["config"][key]
    assert deployed.keys() - project.keys() == {"storage"}
    assert {key: deployed[key] for key in project} == project


def test_kubernetes_has_the_same_instance() -> None:
    deployed, values = parsed(DEPLOY / "dagster.yaml"), parsed(DEPLOY / "kubernetes" / "values.yaml")
    daemon = values["dagsterDaemon"]
    assert daemon["runCoordinator"]["config"]["customRunCoordinator"] == deployed["run_coordinator"]
    assert values["telemetry"] == deployed["telemetry"]
    assert values["postgresql"]["postgresqlScheme"] == deployed["storage"]["postgres"]["postgres_db"]["scheme"]
    for key in ("sensors", "schedules"):
        threads = {"use_threads": daemon[key]["useThreads"], "num_workers": daemon[key]["numWorkers"]}
        assert threads == deployed[key]
    elsewhere = {"storage", "run_coordinator", "telemetry", "sensors", "schedules"}
    assert values["additionalInstanceConfig"] == {key: deployed[key] for key in deployed.keys() - elsewhere}


def test_the_charts_release_is_dagsters() -> None:
    release = re.search(r"^    dagster==(\S+)", (ROOT / "setup.cfg").read_text(encoding="utf-8"), re.MULTILINE)
    assert release is not None
    assert f"--version {release[1]} " in (DEPLOY / "kubernetes" / "values.yaml").read_text(encoding="utf-8")
    assert f"--version {release[1]} " in (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def test_kubernetes_mounts_what_there_is() -> None:
    values = parsed(DEPLOY / "kubernetes" / "values.yaml")
    (pod,) = values["dagster-user-deployments"]["deployments"]
    made = yaml.safe_load_all((DEPLOY / "kubernetes" / "storage.yaml").read_text(encoding="utf-8"))
    names = {one["kind"]: one["metadata"]["name"] for one in made}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["warehouse"]["persistentVolumeClaim"]["claimName"] == names["PersistentVolumeClaim"]
    assert volumes["settings"]["configMap"]["name"] == names["ConfigMap"]
    assert {mount["name"] for mount in pod["volumeMounts"]} == volumes.keys()


def test_every_service_comes_back_and_says_how_it_is(services: dict[str, Any]) -> None:
    assert services.keys() == {"postgres", *OURS, "webhooks"}
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert service["healthcheck"]["test"][0] == "CMD", name
    for name in (*OURS, "webhooks"):
        assert services[name]["cap_drop"] == ["ALL"] and services[name]["read_only"], name


def test_credentials_and_warehouse_are_the_code_servers_alone(services: dict[str, Any]) -> None:
    files = {name: service["env_file"] for name, service in services.items() if "env_file" in service}
    assert files == {"code": ["credentials.env"], "webhooks": [{"path": "webhooks.env", "required": False}]}
    assert [name for name in services if any("warehouse:" in one for one in services[name]["volumes"])] == ["code"]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/deploy/.env", "/deploy/credentials.env", "/deploy/webhooks.env"} <= set(ignored)


def test_what_listens_is_open_to_this_machine_only(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"webserver": ["127.0.0.1:3000:3000"], "webhooks": ["127.0.0.1:8010:8010"]}


def test_the_receiver_of_webhooks_is_asked_for_and_has_the_instance_alone(services: dict[str, Any]) -> None:
    receiver = services["webhooks"]
    assert receiver["profiles"] == ["webhooks"]
    assert receiver["volumes"] == ["dagster:/var/lib/roadmap/dagster"]
    (deployment, service) = yaml.safe_load_all((DEPLOY / "kubernetes" / "webhooks.yaml").read_text(encoding="utf-8"))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["command"] == receiver["command"]
    instance = {one["name"] for one in container["env"]}
    assert instance == {"DAGSTER_HOME", "ROADMAP_CONFIG"} | {
        setting["env"]
        for setting in parsed(DEPLOY / "dagster.yaml")["storage"]["postgres"]["postgres_db"].values()
        if isinstance(setting, dict)
    }
    volumes = {one["name"] for one in deployment["spec"]["template"]["spec"]["volumes"]}
    assert {one["name"] for one in container["volumeMounts"]} == volumes
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    values = parsed(DEPLOY / "kubernetes" / "values.yaml")
    assert values["postgresql"]["postgresqlHost"] in str(container["env"])


def test_the_example_of_the_receivers_secrets_names_settings() -> None:
    names = re.findall(r"^(?:# )?(\w+)=", (DEPLOY / "webhooks.example.env").read_text(encoding="utf-8"), re.MULTILINE)
    assert names == ["GITHUB_WEBHOOK_SECRET", "GITHUB_REPOSITORY", "NOTION_WEBHOOK_SECRET"]


def test_without_a_password_compose_says_where_to_set_it() -> None:
    with pytest.raises(LookupError, match=r"DAGSTER_POSTGRES_PASSWORD: .*deploy/env\.example"):
        compose({})


def test_every_file_that_compose_names_is_there() -> None:
    described = compose(VARIABLES)
    files = [config["file"] for config in described["configs"].values()]
    assert all((DEPLOY / file).is_file() for file in files)
    dockerfile = DEPLOY.parent / described["services"]["code"]["build"]["dockerfile"]
    assert dockerfile.is_file()


def test_the_environment_of_the_code_server_is_that_of_the_image(services: dict[str, Any]) -> None:
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for name in ("ROADMAP_WAREHOUSE", "XDG_CACHE_HOME", "DAGSTER_HOME"):
        assert f"{name}={services['code']['environment'][name]}" in image
    command = ", ".join(f'"{word}"' for word in services["code"]["command"])
    assert f"\nCMD [{command}]" in image


def test_what_the_image_is_built_from_goes_to_docker_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    packaged = re.findall(
        r"^    ((?:deploy/)\S+|dagster\.yaml)$", (ROOT / "setup.cfg").read_text("utf-8"), re.MULTILINE
    )
    assert packaged
    copied = re.findall(r"deploy/\w+\.yaml", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    needed = ["setup.cfg", "pyproject.toml", "constraints.txt", "README.md", "LICENSE", *packaged, *copied]
    for file in needed:
        assert any(fnmatch.fnmatch(file, one) or file.startswith(f"{one}/") for one in kept), file
    for secret in ("deploy/.env", "deploy/credentials.env", "deploy/webhooks.env", "data", ".git", ".venv"):
        assert not any(secret == one or secret.startswith(f"{one}/") for one in kept), secret
