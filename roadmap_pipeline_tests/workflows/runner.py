"""A small runner of GitHub workflows: enough of one to run our templates and the composite action on this machine.

Belongs here: expressions, inputs, outputs, conditions and `run:` steps, as GitHub documents them. Actions of others are
stood in for: checking out and Python are there already, the cache is a folder. Whatever this doesn't know is an error.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

Contexts = dict[str, Any]


def load(path: Path) -> dict[str, Any]:
    """Return a workflow or an action; YAML takes the key `on` for a truth."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["on"] = content.pop(True, None)
    return content


def evaluate(expression: str, contexts: Contexts) -> Any:
    """Return the value of an expression of lookups, texts, `==`, `!=`, `&&`, `||` and `always()`."""
    for operator in ("||", "&&"):
        left, found, right = expression.partition(f" {operator} ")
        if found:
            first = evaluate(left, contexts)
            is_decided = bool(first) == (operator == "||")
            return first if is_decided else evaluate(right, contexts)
    for operator in ("==", "!="):
        left, found, right = expression.partition(f" {operator} ")
        if found:
            is_same = evaluate(left, contexts) == evaluate(right, contexts)
            return is_same == (operator == "==")
    word = expression.strip()
    if word == "always()":
        return True
    if word in ("true", "false"):
        return word == "true"
    if word.startswith("'"):
        return word.strip("'")
    value: Any = contexts
    for name in word.split("."):
        if value is contexts and name not in contexts:
            raise AssertionError(f"the runner knows no context {word}")
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def filled_in(text: Any, contexts: Contexts) -> str:
    """Return a text with its expressions replaced by their values, written as GitHub writes them."""

    def written(match: re.Match[str]) -> str:
        value = evaluate(match[1], contexts)
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    return _EXPRESSION.sub(written, str(text).lower() if isinstance(text, bool) else str(text))


@dataclass
class Runner:
    """A machine with a workspace, a cache, and the environment that GitHub gives to steps.

    Attributes:
        workspace: The folder of the repository that was checked out.
        cache: The folder of what was kept, one folder a key; the newest first by its name's number.
        environment: What the machine has; `PATH` leads to an interpreter with the package.
        own_action: The file `action.yml` that stands for the reusable action.
    """

    workspace: Path
    cache: Path
    environment: dict[str, str]
    own_action: Path
    output: list[str] = field(default_factory=list)
    summary: str = ""
    _files: int = 0

    def run_job(self, job: Mapping[str, Any], contexts: Contexts) -> bool:
        """Run the steps of a job in order; return whether it succeeded. A job whose condition is false succeeds."""
        if "if" in job and not evaluate(str(job["if"]), contexts):
            self.output.append("the job was skipped")
            return True
        return self._run_steps(job["steps"], contexts)

    def _run_steps(self, steps: list[Mapping[str, Any]], contexts: Contexts) -> bool:
        contexts["steps"] = {}
        is_fine = True
        for step in steps:
            condition = str(step.get("if", "success"))
            if not (is_fine or "always()" in condition):
                continue
            if condition != "success" and not evaluate(condition, contexts):
                continue
            outputs: dict[str, str] = {}
            done = self._run_step(step, contexts, outputs)
            contexts["steps"][step.get("id", "")] = {"outputs": outputs, "outcome": "success" if done else "failure"}
            is_fine = is_fine and done
        return is_fine

    def _run_step(self, step: Mapping[str, Any], contexts: Contexts, outputs: dict[str, str]) -> bool:
        if "run" in step:
            return self._run_script(step, contexts, outputs)
        name = str(step["uses"]).partition("@")[0]
        values = {key: filled_in(value, contexts) for key, value in (step.get("with") or {}).items()}
        if name.endswith("/roadmap_pipeline"):
            return self._run_action(values, contexts)
        stand_ins: dict[str, Callable[[dict[str, str]], None]] = {
            "actions/checkout": lambda _: None,
            "actions/setup-python": lambda _: None,
            "actions/cache/restore": self._restore,
            "actions/cache/save": self._save,
        }
        stand_ins[name](values)
        return True

    def _run_action(self, values: Mapping[str, str], contexts: Contexts) -> bool:
        action = load(self.own_action)
        unknown = values.keys() - action["inputs"].keys()
        assert not unknown, f"inputs that the action doesn't have: {unknown}"
        inputs = {name: filled_in(one.get("default", ""), contexts) for name, one in action["inputs"].items()}
        inner = {**contexts, "inputs": {**inputs, **values}}
        inner["github"] = {**contexts["github"], "action_path": str(self.own_action.parent)}
        return self._run_steps(action["runs"]["steps"], inner)

    def _run_script(self, step: Mapping[str, Any], contexts: Contexts, outputs: dict[str, str]) -> bool:
        """Run a script as GitHub does: `bash -e -o pipefail`, with files for outputs and the summary."""
        self._files += 1
        files = {
            name: self.workspace.parent / f"{name}-{self._files}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        }
        for file in files.values():
            file.touch()
        # GitHub takes no other value for its own variables, but for the token.
        own = {name for name in self.environment if name.startswith("GITHUB_")}
        added = {name: filled_in(value, contexts) for name, value in (step.get("env") or {}).items()}
        environment = {
            **self.environment,
            **{name: value for name, value in added.items() if name not in own},
            **{name: str(path) for name, path in files.items()},
        }
        folder = self.workspace / filled_in(step.get("working-directory", "."), contexts)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", filled_in(step["run"], contexts)],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.output.append(f"{step.get('name')}: {done.returncode}\n{done.stdout}{done.stderr}")
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, value = line.partition("=")
            outputs[name] = value
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return done.returncode == 0

    def _restore(self, values: Mapping[str, str]) -> None:
        kept = sorted(self.cache.glob(f"{values['restore-keys'].strip()}*"), key=os.path.getmtime)
        for path in map(Path, values["path"].split()):
            if kept and (kept[-1] / path.name).exists():
                shutil.copyfile(kept[-1] / path.name, path)

    def _save(self, values: Mapping[str, str]) -> None:
        folder = self.cache / values["key"]
        folder.mkdir(parents=True)
        for path in map(Path, values["path"].split()):
            if path.exists():
                shutil.copyfile(path, folder / path.name)
