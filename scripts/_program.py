"""The start of each of these command lines: the package's own, or one line where it isn't installed."""

import sys


def run(name):
    """Run the command line called ``name``; exit code 2 where this interpreter doesn't have the package.

    Nothing here needs a particular Python: what is missing has to be said by any.
    """
    try:
        from roadmap_pipeline.cli import scripts
    except ImportError as error:
        sys.stderr.write(
            f"error: roadmap_pipeline is not installed for {sys.executable} ({error}): run `make run` once, then"
            f" `.venv/bin/python scripts/{name}.py` (or `pip install -e .` for this interpreter)\n"
        )
        sys.exit(2)
    getattr(scripts, name)()
