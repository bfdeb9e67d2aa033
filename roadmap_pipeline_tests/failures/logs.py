"""Logs in our own words, in the shape a runner writes them."""

SETUP = ["Current runner version: '2.330.0'", "##[group]Operating System", "Ubuntu", "##[endgroup]"]
SHELL = "shell: /usr/bin/bash -e {0}"
FAILED = "##[error]Process completed with exit code 1."
END = ["Post job cleanup.", "Cleaning up orphan processes"]


def step(command: str, *output: str) -> list[str]:
    """Return a step that runs a command: its header as the runner echoes it, and its output."""
    lines = command.split("\n")
    shell = [] if "@" in lines[0] else [SHELL]
    return [f"##[group]Run {lines[0]}", *lines, *shell, "##[endgroup]", *output]


def raw(*lines: str) -> bytes:
    """Return a raw log: every line with a timestamp, a byte order mark in front."""
    stamped = [f"2026-11-10T09:{i // 60 % 60:02d}:{i % 60:02d}.1234567Z {line}" for i, line in enumerate(lines)]
    return ("\ufeff" + "\n".join(stamped) + "\n").encode()


def job(*steps: list[str]) -> bytes:
    """Return the raw log of a whole job."""
    return raw(*SETUP, *(line for one in steps for line in one), *END)


def line_of(log: bytes, text: str) -> int:
    """Return 1-based number of the last line that holds ``text``."""
    return max(number for number, line in enumerate(log.split(b"\n"), 1) if text.encode() in line)


def of_example(text: str) -> bytes:
    """Return the log of a job in which a rule's example failed.

    An example is a step's output, or its command with its output.
    """
    if "##[group]Run " not in text:
        return job(step("./doit.sh", *text.split("\n"), FAILED))
    head, _, output = text.partition("\n##[endgroup]")
    return job(step(head.removeprefix("##[group]Run "), *output.strip("\n").split("\n"), FAILED))
