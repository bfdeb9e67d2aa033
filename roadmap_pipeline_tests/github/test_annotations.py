"""Annotations, GitHub's notes at jobs, are kept where there is no log."""

import json

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr

from roadmap_pipeline.github.client.client import GitHubApp
from roadmap_pipeline_tests.github.conftest import FULL, REPO, small_world, table
from roadmap_pipeline_tests.github.test_ingest import read
from roadmap_sandbox import payloads
from roadmap_sandbox.github import apps


def test_where_there_is_no_log_what_github_noted_is_kept_without_secrets(serve, con):
    content = small_world()
    served = serve(content)
    told = "The runner lost its way; token ghp_" + "a1B2" * 9
    noted = [
        payloads.annotation(FULL, head_sha="a" * 40, message=told, title="lost"),
        payloads.annotation(FULL, head_sha="a" * 40, message="Something is old", level="warning"),
    ]
    served.state.activity.put_annotations(1002, noted)
    read(served, con)
    found = dict(table(con, "select job_id, annotations from raw.job_logs"))
    kept = json.loads(found[1002])
    assert [one["title"] for one in kept] == ["lost"]
    assert "lost its way" in kept[0]["message"] and "ghp_" not in found[1002]
    assert found[1003] == "[]" and found[1000] is None and found[1004] is None


def test_an_app_that_may_not_read_checks_reads_all_else(serve, con):
    content = small_world()
    content.repositories[REPO] = {**FULL, "private": True}
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    may = {"actions": "read", "contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read"}
    installed = apps.GitHubApp(7, "reader", public, (apps.Installation(55, "acme"),), may)
    served = serve(content, apps=(installed,))
    client = served.client(GitHubApp("7", SecretStr(private), repository=REPO))
    summary = read(served, con, client=client)
    assert summary.read["workflow_jobs"] == 134
    assert any("Checks: read" in note for note in summary.notes)
    assert table(con, "select state, annotations from raw.job_logs where job_id = 1002") == [("expired", None)]
