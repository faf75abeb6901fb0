"""The GitHub Action: its steps, run as the runner runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ACTION = Path(__file__).parents[3] / ".github" / "actions" / "driftcheck" / "action.yml"
DEFINITION = yaml.safe_load(ACTION.read_text("utf-8"))
STEPS = {step["name"]: step for step in DEFINITION["runs"]["steps"]}


@pytest.fixture
def run_gate(project, tmp_path):
    """Run the step of the gate with some inputs; return its status, outputs and summary."""

    def run(**given):
        step = STEPS["Run driftcheck gate"]
        inputs = {name: str(one["default"]) for name, one in DEFINITION["inputs"].items()}
        inputs |= {"command": f"{sys.executable} -m driftcheck", **given}
        values = {f"inputs.{name}": value for name, value in inputs.items()}
        values["steps.cache-directory.outputs.path"] = str(tmp_path / "cache")
        variables = {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], text)
            for name, text in step["env"].items()
        }
        outputs, summary = tmp_path / "outputs", tmp_path / "summary"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=project.root,
            env=os.environ
            | variables
            | {"GITHUB_OUTPUT": outputs, "GITHUB_STEP_SUMMARY": summary, "RUNNER_TEMP": tmp_path},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        told = parsed(outputs.read_text("utf-8"))
        assert told["exit-code"] == str(done.returncode), done.stderr
        return done, told, summary.read_text("utf-8") if summary.exists() else ""

    return run


def parsed(text):
    """The outputs of a step, as the runner reads them."""
    found = re.findall(r"^(?:([\w-]+)=(.*)|([\w-]+)<<(.+)\n((?s:.*?))\n\4)$", text, re.MULTILINE)
    return {name or long_name: value or lines for name, value, long_name, _, lines in found}


def test_a_gate_that_fails(project, run_gate):
    project.write({"0002": {"after": "0001"}, "0003": {"after": "0001"}})
    done, outputs, summary = run_gate(base="main", arguments="--with-data\n  --fail-on none")
    assert done.returncode == 1
    assert "::error file=migrations/versions/0003.py,line=5" in done.stdout
    assert "❌ driftcheck gate" in outputs["comment"]
    assert summary == outputs["comment"] + "\n" == Path(outputs["comment-file"]).read_text("utf-8")
    assert '"gate-several-heads"' in Path(outputs["sarif-file"]).read_text("utf-8")


def test_a_gate_that_passes_without_a_summary(run_gate):
    done, outputs, summary = run_gate(base="main", summary="false")
    assert (done.returncode, summary) == (0, "")
    assert "✅ driftcheck gate" in outputs["comment"]


def test_a_base_is_no_code(project, run_gate):
    done, outputs, summary = run_gate(base="$(touch hacked)`touch hacked`; touch hacked")
    assert done.returncode == 2
    assert (outputs, summary) == ({"exit-code": "2"}, "")
    assert not (project.root / "hacked").exists()


def test_expressions_are_not_part_of_a_script():
    """The runner would put the text of a branch's name into the script."""
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def test_what_the_steps_refer_to_exists():
    text = ACTION.read_text("utf-8")
    assert set(re.findall(r"\binputs\.([\w-]+)", text)) == set(DEFINITION["inputs"])
    assert set(re.findall(r"\bsteps\.([\w-]+)", text)) == {
        step["id"] for step in STEPS.values() if "id" in step
    }
