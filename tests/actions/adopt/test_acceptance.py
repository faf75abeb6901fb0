"""What was done by hand in the acceptance cases is adopted: real databases end alike."""

import shutil
from pathlib import Path

import alembic
import pytest
from alembic import command
from alembic.config import Config

from driftcheck.actions.adopt import Adopter, AdoptOptions, adopt
from driftcheck.config.settings import Settings
from driftcheck.pipeline.opening import open_project
from tests.acceptance.conftest import Group
from tests.kept import used, variables

TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
SAMPLE = {
    "postgresql/drift": (
        "drop_column add_column change_type rename_column make_index_unique drop_table create_table"
        " change_check view_changed function_created trigger_dropped row_security enum_value_added"
        " odd_month to_another_schema enum_value_in_check_and_default"
    ).split(),
    "sqlite/drift": (
        "drop_column rename_column add_index create_table view_created same_added"
    ).split(),
}
WITH_DRIFT = ["postgresql/drift", "postgresql/both_moved", "postgresql/filtered", "sqlite/drift"]


def project_with(group, sketch, maker):
    project = sketch(maker)
    group.write(project)
    shutil.copy(TEMPLATE, project.root / "migrations")
    return project


def adopted(project, maker, **options):
    with used(maker):
        return adopt(Settings(root=project.root), AdoptOptions(**options))


def written(project, adoption):
    path = Path(adoption.destination)
    path.write_text(adoption.text)
    return path


def config(project, url):
    found = Config(project.root / "alembic.ini")
    found.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return found


@pytest.mark.parametrize(
    "name", [pytest.param("postgresql/drift", marks=pytest.mark.soak), "sqlite/drift"]
)
def test_both_kinds_of_databases_end_alike(name, sketch, request, database, tmp_path):
    maker = None if name.startswith("sqlite") else request.getfixturevalue("pg18")
    group = Group.read(name)
    group.cases = {case: group.cases[case] for case in SAMPLE[name]}
    project = project_with(group, sketch, maker)

    adoption = adopted(project, maker)

    assert [attempt for attempt in adoption.attempts if not attempt.succeeded] == []
    assert adoption.is_proved
    written(project, adoption)
    clean = database(maker).text_url if maker else f"sqlite:///{tmp_path / 'clean.db'}"
    command.upgrade(config(project, clean), adoption.head)
    before = drift_of(project, clean, maker)
    for url in (clean, project.url):
        command.upgrade(config(project, url), "head")
    assert [drift_of(project, url, maker) for url in (clean, project.url)] == [[], []]
    command.downgrade(config(project, clean), adoption.head)
    assert (before, drift_of(project, clean, maker)) == ([], [])


def drift_of(project, url, maker):
    environment = variables(maker) if maker else {}
    result = project.compare("--only-gap", "drift", "-d", url, **environment)
    assert result.status in (0, 1), result.stdout + result.stderr
    return [finding for finding in result.findings if "partition" not in finding[0]]


@pytest.mark.soak
@pytest.mark.parametrize("name", WITH_DRIFT)
def test_each_change_is_adopted_by_itself(name, sketch, request, tmp_path):
    maker = None if name.startswith("sqlite") else request.getfixturevalue("pg18")
    project = project_with(Group.read(name), sketch, maker)
    settings = Settings(root=project.root)
    results = {}
    with used(maker), open_project(settings, lambda _: None) as opened:
        adopter = Adopter(opened)
        drift = [each.finding for one in adopter.select(()) for each in one.judged]
        # A changed table is one change, with the changes of its columns and indexes.
        changed = dict.fromkeys((each.part_of or each.address).sql for each in drift)
        for number, address in enumerate(changed):
            place = tmp_path / str(number)
            place.mkdir()
            results[address] = adopter.adopt(adopter.select([address]), AdoptOptions(), place)
    failed = {key: (each.failed, each.text) for key, each in results.items() if not each.is_proved}
    assert failed == {}
    assert results
