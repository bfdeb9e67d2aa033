"""The servers of a lake: Debian's PostgreSQL, and moto's S3 in a process of its own.

Belongs here: starting and ending them, and what a process needs to reach them.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from roadmap_pipeline_tests.deploy.postgres import NAME, PASSWORD, Server, postgres
from roadmap_pipeline_tests.orchestration.test_ui import free_port

BUCKET = "warehouse"
KEY_ID, SECRET = "AKIAROADMAPLAKETEST1", "s3cr3t/of+the+storage/0123456789abcdef"
_LONGEST_S = 60


@dataclass(frozen=True)
class LakeServers:
    """Both servers, running."""

    database: Server
    storage_url: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a process needs to reach both, the passwords included."""
        return {
            "PGHOST": self.database.host,
            "PGPORT": str(self.database.port),
            "PGUSER": NAME,
            "PGPASSWORD": PASSWORD,
            "AWS_ENDPOINT_URL": self.storage_url,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def address(self, name: str) -> str:
        """Return the address of the lake ``name``; each has a schema of the database and a folder of the bucket."""
        return f"ducklake:postgres:dbname={NAME}?data_path=s3://{BUCKET}/{name}/&schema={name}"

    def storage(self) -> Any:
        """Return a client of the storage."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.storage_url,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def objects(self, name: str) -> list[str]:
        """Return the keys of everything that the lake ``name`` has in the storage."""
        pages = self.storage().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{name}/")
        return [item["Key"] for page in pages for item in page.get("Contents", [])]


@contextmanager
def lake_servers() -> Iterator[LakeServers]:
    """Yield both servers, with an empty database and an empty bucket."""
    port = free_port()
    with postgres() as database, tempfile.TemporaryFile() as log:
        storage = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
        try:
            servers = LakeServers(database, f"http://127.0.0.1:{port}")
            _make_bucket(servers)
            yield servers
        finally:
            storage.terminate()
            storage.wait(_LONGEST_S)


def _make_bucket(servers: LakeServers) -> None:
    from botocore.exceptions import BotoCoreError

    deadline = time.monotonic() + _LONGEST_S
    while True:
        try:
            servers.storage().create_bucket(Bucket=BUCKET)
        except BotoCoreError:
            assert time.monotonic() < deadline, "the storage doesn't answer"
            time.sleep(0.2)
        else:
            return
