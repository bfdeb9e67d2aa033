"""Time `roadmap status` and importing the definitions, with and without written bytecode.

python benchmarks/startup.py
"""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from measuring import call, environment, project_copy, roadmap, spread, table, verdict

TIMES = 7
STATUS_BAR_S = 0.5
DEFINITIONS_BAR_S = 1.0
HEAVY = ("pandas", "github", "notion_client")
_IMPORT = """
import json, sys, time
start = time.perf_counter()
import roadmap_pipeline.definitions
seconds = time.perf_counter() - start
print(json.dumps([seconds, [name for name in sys.argv[1:] if name in sys.modules]]))
"""


def main() -> None:
    with project_copy() as copy:
        env = environment(copy)
        call(roadmap("run", "--json"), env, copy)
        status = [call(roadmap("status"), env, copy)[0] for _ in range(TIMES)]
        bare = [call([sys.executable, "-c", "pass"], env, copy)[0] for _ in range(TIMES)]
        imports, loaded = _imports(env, copy)
        # As in an image of a container: libraries are compiled when they are installed, the project never is.
        for folder in sorted(copy.rglob("__pycache__")):
            shutil.rmtree(folder)
        without = env | {"PYTHONDONTWRITEBYTECODE": "1"}
        call([sys.executable, "-c", _IMPORT], without, copy)
        bare_imports, _ = _imports(without, copy)
    middle = sorted(status)[TIMES // 2], sorted(imports)[TIMES // 2], sorted(bare_imports)[TIMES // 2]
    print("## Start-up\n")
    print(f"Whole processes, median of {TIMES}, on the simulated organisation's warehouse.\n")
    print(
        table(
            ["what", "measured", "bar", ""],
            [
                [
                    "`roadmap status`, from start to end",
                    spread(status, "s"),
                    f"< {STATUS_BAR_S} s",
                    verdict(middle[0] < STATUS_BAR_S),
                ],
                ["of that, Python itself", spread(bare, "s"), "", ""],
                [
                    "`import roadmap_pipeline.definitions`",
                    spread(imports, "s"),
                    f"< {DEFINITIONS_BAR_S} s",
                    verdict(middle[1] < DEFINITIONS_BAR_S),
                ],
                [
                    "the same with `PYTHONDONTWRITEBYTECODE=1`",
                    spread(bare_imports, "s"),
                    f"< {DEFINITIONS_BAR_S} s",
                    verdict(middle[2] < DEFINITIONS_BAR_S),
                ],
                [
                    f"{', '.join(HEAVY)} loaded by it",
                    ", ".join(sorted(loaded)) or "none",
                    "none",
                    verdict(not loaded),
                ],
            ],
        )
    )


def _imports(env: Mapping[str, str], copy: Path) -> tuple[list[float], set[str]]:
    """Seconds of each import of the definitions, and which heavy packages came with it."""
    seconds, loaded = [], set()
    for _ in range(TIMES):
        _, answer = call([sys.executable, "-c", _IMPORT, *HEAVY], env, copy)
        taken, found = json.loads(answer)
        seconds.append(taken)
        loaded.update(found)
    return seconds, loaded


if __name__ == "__main__":
    main()
