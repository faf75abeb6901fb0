"""Acceptance cases as data: a file is a project and one run, a case in it a few of its objects.

The objects of a case have the case's name in theirs. In the texts, ``{t}`` stands for it; what a
case does not say is what ``[default]`` says.

``models``      lines that put tables into ``metadata``
``migrations``  the lines of each revision, from 0001 on
``by_hand``     what somebody did to the live database
``findings``    the rule and the address of each
``notes``       those that do not fail the check
``phantoms``    the operations that migrate would wrongly write
``errors``      what a colleague's database answers to them
``blind_spots`` how many of the findings autogenerate does not see
``remedies``    what the remedies of the findings say, where the case asks for it
``code``        the lines of a migration that they show, where the case asks for it
``evidence``    what live still knows of the findings, where the case asks for it

Of the whole file: ``models`` and ``migrations`` come before those of the cases, ``after`` says what
each revision comes after where that is not the one before, ``upgrade`` how far live is upgraded,
``by_hand`` and ``findings`` are as above, ``says`` is told somewhere, and each of ``runs`` has its
``options`` and ``status``. Operations are held against each other with all white space alike.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from driftcheck.storage.cache_directory import VARIABLE
from tests.kept import variables

HERE = Path(__file__).parent
FILES = sorted(str(path.relative_to(HERE).with_suffix("")) for path in HERE.glob("*/*.toml"))


@dataclass
class Case:
    """A case, as its file says it."""

    models: str = ""
    migrations: list[str] = field(default_factory=list)
    by_hand: str = ""
    findings: list[list[str]] = field(default_factory=list)
    notes: list[list[str]] = field(default_factory=list)
    phantoms: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    blind_spots: int = 0
    remedies: list[str] | None = None
    code: list[str] | None = None
    evidence: list[str] | None = None


@dataclass
class Group:
    """A file of cases, as it says it."""

    about: str
    models: str = ""
    migrations: list[str] = field(default_factory=list)
    after: dict[str, str] = field(default_factory=dict)
    upgrade: str = "heads"
    by_hand: str = ""
    findings: list[list[str]] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    runs: list[dict] = field(default_factory=lambda: [{"status": 1}])
    cases: dict[str, Case] = field(default_factory=dict)

    @classmethod
    def read(cls, name):
        said = tomllib.loads((HERE / name).with_suffix(".toml").read_text())
        default = said.pop("default", {})
        cases = {
            case: Case(**_filled({**default, **own}, case))
            for case, own in said.pop("cases", {}).items()
        }
        return cls(**said, cases=cases)

    def write(self, project):
        """Write the project and build its live database."""
        project.models("\n".join([self.models, *(case.models for case in self.cases.values())]))
        every = [self.migrations, *(case.migrations for case in self.cases.values())]
        before = None
        for number in range(max(map(len, every))):
            name = f"{number + 1:04}"
            lines = [lines[number] for lines in every if number < len(lines)]
            project.revision(name, "\n".join(lines), self.after.get(name, before) or None)
            before = name
        if self.upgrade:
            project.upgrade(self.upgrade)
        project.by_hand(self.by_hand)
        for case in self.cases.values():
            project.by_hand(case.by_hand)


def _filled(said, name):
    if isinstance(said, dict):
        return {key: _filled(value, name) for key, value in said.items()}
    if isinstance(said, list):
        return [_filled(value, name) for value in said]
    return said.replace("{t}", name) if isinstance(said, str) else said


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        pairs = [(name, case) for name in FILES for case in Group.read(name).cases]
        metafunc.parametrize(("group", "case"), pairs, ids=map("-".join, pairs), indirect=["group"])
    elif "group" in metafunc.fixturenames:
        metafunc.parametrize("group", FILES, indirect=True)


class Play:
    """The project of a group with a cache of its own, and what each of its runs came to."""

    def __init__(self, group, project, environment):
        self._group = group
        self._project = project
        self._environment = environment
        group.write(project)
        self.results = [self.compare(number) for number in range(len(group.runs))]

    def compare(self, number):
        options = self._group.runs[number].get("options", "").split()
        return self._project.compare(*options, **self._environment)


@pytest.fixture(scope="session")
def plays(sketch, request, tmp_path_factory):
    """Play a group once for all of its tests."""
    found = {}

    def play(name):
        if name not in found:
            maker = None if name.startswith("sqlite") else request.getfixturevalue("pg18")
            environment = variables(maker) if maker else {}
            environment[VARIABLE] = str(tmp_path_factory.mktemp("cache"))
            found[name] = Play(Group.read(name), sketch(maker), environment)
        return found[name]

    return play


@pytest.fixture
def played(plays):
    """What each of the runs of a group came to."""
    return lambda name: plays(name).results


@pytest.fixture
def played_again(plays):
    """Repeat the first run of a group."""
    return lambda name: plays(name).compare(0)


@pytest.fixture
def group(request, played):
    """A group, and what its runs came to."""
    return Group.read(request.param), played(request.param)
