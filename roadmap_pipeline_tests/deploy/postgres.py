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
from pathlib import Path
from typing import Any

import pytest

from roadmap_pipeline_tests.orchestration.test_ui import free_port

NAME = "dagster"
"""The name of the database and of its user, as in compose.yaml."""
PASSWORD = "p@ss/word of: a test"
"""A password with characters that have to be quoted within a URL, which is how the storage passes it on."""
_LONGEST_S = 60


class Server:
    """A cluster in a folder of its own, served on a port of this machine."""

    def __init__(self, folder: Path) -> None:
        self.host, self.port = "127.0.0.1", free_port()
        self._folder, self._programs = folder, _programs()
        user = _unprivileged()
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._options: dict[str, Any] = {"cwd": folder, **(identity if os.geteuid() == 0 else {})}
        password = folder / "password"
        password.write_text(PASSWORD)
        for path in (folder, password):
            os.chown(path, user.pw_uid, user.pw_gid)
        make = f"-D {folder}/data -U {NAME} --pwfile {password} -A scram-sha-256 -E UTF8 --no-locale --no-sync"
        done = self._run("initdb", *make.split())
        assert done.returncode == 0, done.stderr
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), *f"-D {self._folder}/data -p {self.port} -k {self._folder}".split()],
                stdout=log,
                stderr=log,
                **self._options,
            )
        deadline = time.monotonic() + _LONGEST_S
        while self._run("pg_isready", "-h", self.host, "-p", str(self.port)).returncode != 0:
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.2)

    def stop(self) -> None:
        """End it; whoever is connected is disconnected."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_LONGEST_S)

    def make_database(self) -> None:
        """Make the empty database."""
        done = self._run("createdb", "-h", self.host, "-p", str(self.port), "-U", NAME, NAME)
        assert done.returncode == 0, done.stderr

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _run(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [self._program(name), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **self._options)


@contextmanager
def postgres() -> Iterator[Server]:
    """Yield a server with an empty database."""
    # pytest's own folders are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="roadmap-postgres-"))
    try:
        server = Server(folder)
        try:
            server.make_database()
            yield server
        finally:
            server.stop()
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
