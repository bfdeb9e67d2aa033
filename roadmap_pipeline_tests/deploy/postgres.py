"""A PostgreSQL server of one's own: Debian's programs, a cluster in a temporary folder, a free port.

Belongs here: making, starting and ending it. PostgreSQL refuses to run as root, so that it gets another user then.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline_tests.orchestration.test_ui import free_port

NAME = "dagster"
"""The name of the database and of its user, as in compose.yaml."""
PASSWORD = "p@ss/word of: a test"
"""A password with characters that have to be quoted within a URL, which is how the storage passes it on."""
_LONGEST_S = 60


@dataclass(frozen=True)
class Server:
    """The address on which the server listens."""

    host: str
    port: int


@contextmanager
def postgres() -> Iterator[Server]:
    """Yield a server with an empty database."""
    programs = _programs()
    # pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="roadmap-postgres-"))
    user = _unprivileged()
    server = Server("127.0.0.1", free_port())
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        for path in (folder, password):
            os.chown(path, user.pw_uid, user.pw_gid)
        identity: dict[str, Any] = (
            {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        )
        data = folder / "data"
        make = f"-D {data} -U {NAME} --pwfile {password} -A scram-sha-256 -E UTF8 --no-locale --no-sync"
        _run([str(programs / "initdb"), *make.split()], cwd=folder, **identity)
        command = [str(programs / "postgres"), "-D", str(data), "-h", server.host, "-p", str(server.port)]
        command += ["-k", str(folder)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **identity)
        try:
            _make_database(programs, server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: whoever is connected is disconnected
            process.wait(_LONGEST_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Return the folder of the newest release's programs, installed if they can be."""
    if not (folders := _installed()) and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(
            ["apt-get", "install", "-y", "--no-install-recommends", "postgresql"],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        folders = _installed()
    if not folders:
        pytest.fail("PostgreSQL is missing, and only root can install it: apt-get install postgresql")
    return folders[-1]


def _installed() -> list[Path]:
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/pgsql").glob("*/bin")]
    if on_path := shutil.which("initdb"):
        places.insert(0, Path(on_path).parent)
    found = [folder for folder in places if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return sorted(found, key=lambda folder: [int(part) for part in folder.parts if part.isdecimal()])


def _unprivileged() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _run(words: list[str], **options: Any) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr


def _make_database(programs: Path, server: Server) -> None:
    """Make the database, as soon as the server answers."""
    words = [str(programs / "createdb"), "-h", server.host, "-p", str(server.port), "-U", NAME, NAME]
    deadline = time.monotonic() + _LONGEST_S
    while True:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, env={**os.environ, "PGPASSWORD": PASSWORD}
        )
        if done.returncode == 0:
            return
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.2)
