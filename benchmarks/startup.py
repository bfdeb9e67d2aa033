"""How soon `roadmap status` answers and Dagster has the definitions.

python benchmarks/startup.py
"""

import json
import sys

from measuring import call, environment, project_copy, roadmap, spread, table, verdict

TIMES = 7
STATUS_BAR_S = 0.5
DEFINITIONS_BAR_S = 1.5
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
        imports, loaded = [], set()
        for _ in range(TIMES):
            _, answer = call([sys.executable, "-c", _IMPORT, *HEAVY], env, copy)
            seconds, found = json.loads(answer)
            imports.append(seconds)
            loaded.update(found)
    middle = sorted(status)[TIMES // 2], sorted(imports)[TIMES // 2]
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
                    f"{', '.join(HEAVY)} loaded by it",
                    ", ".join(sorted(loaded)) or "none",
                    "none",
                    verdict(not loaded),
                ],
            ],
        )
    )


if __name__ == "__main__":
    main()
