"""Every test case of simulate-colleague: the scenario, its result, and its report."""

import tomllib
from pathlib import Path
from textwrap import indent

import pytest

from driftcheck.actions.simulate import SimulationOptions, simulate
from driftcheck.config.settings import Settings
from driftcheck.judging.findings import Severity
from driftcheck.reports import OutputStyle, render
from tests.kept import used

CASES = tomllib.loads(Path(__file__).with_name("cases.toml").read_text(encoding="utf-8"))
DEFAULT = CASES.pop("default")
MARKS = {True: "+", False: "-", None: "·"}


def write(project, case):
    project.models(case["models"])
    for number, lines in enumerate(case["upgrades"]):
        name = f"{number + 1:04}"
        after = case.get("after", {}).get(name, f"{number:04}" if number else None)
        path = project.revision(name, lines, tuple(after) if isinstance(after, list) else after)
        down = dict(enumerate(case["downgrades"])).get(number, "pass")
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n\ndef downgrade():\n{indent(down, '    ')}\n")
    template = Path(__file__).with_name("script.py.mako").read_text(encoding="utf-8")
    (project.root / "migrations" / "script.py.mako").write_text(template, encoding="utf-8")
    with (project.root / "alembic.ini").open("a", encoding="utf-8") as file:
        file.write(case.get("ini", "") + "\n")
    project.upgrade(case.get("at", "heads"))
    project.by_hand(case.get("by_hand", ""))


def parameter(name):
    needed = CASES[name].get("needs")
    return pytest.param(name, marks=[pytest.mark.needs(needed)] if needed else [])


@pytest.mark.parametrize("name", [parameter(name) for name in CASES])
def test_case(name, sketch, request):
    case = {**DEFAULT, **CASES[name]}
    maker = None if case.get("sort") == "sqlite" else request.getfixturevalue("pg18")
    project = sketch(maker)
    write(project, case)
    before = files(project.root)

    options = SimulationOptions(**case.get("options", {}))
    with used(maker):
        report = simulate(Settings(root=project.root), options)

    (database,) = report.databases
    text = render(report, output=OutputStyle(width=10_000))
    told = [finding for finding in report.findings if finding.severity is not Severity.NOTE]
    assert (report.exit_code, [f.rule for f in told]) == (
        case.get("status", 0),
        case.get("rules", []),
    ), text
    simulation = database.simulations[-1]
    if "steps" in case:
        assert [f"{MARKS[step.succeeded]} {step.description}" for step in simulation.steps] == case[
            "steps"
        ]
    if "starts" in case:
        assert [simulation.start for simulation in database.simulations] == case["starts"]
    if "error" in case:
        assert told[0].details.splitlines()[0] == case["error"]
    if "place" in case:
        assert f"{Path(told[0].origin.file).name}:{told[0].origin.line}" == case["place"]
    for words in case.get("tells", ()):
        assert words in text
    for words in case.get("silent", ()):
        assert words not in text
    assert files(project.root) == before  # the live database, where it is a file, too


def files(root):
    """The contents of all files of a project, except compiled Python files."""
    paths = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path: path.read_bytes() for path in paths}
