"""``driftcheck guard`` looks at what env.py configures, and adds the line that guards."""

from importlib import metadata
from types import ModuleType

import pytest

from driftcheck import guard
from tests.actions.guard.conftest import FIRST, LAST, PLUGINS, models


def test_each_alembic_can_load_the_plugin():
    """1.18.0 to 1.20.0 iterate over what the entry point names; newer ones expect a module."""
    (entry_point,) = metadata.entry_points(group="alembic.plugins", name="driftcheck.guard")
    loaded = entry_point.load()
    assert isinstance(loaded, ModuleType)
    assert [module.setup for module in loaded] == [guard.setup]


@pytest.mark.needs("alembic>=1.18")
def test_installing_guards_a_project(guarded):
    project = guarded(models(FIRST, LAST, options=""))
    environment = project.sketch.root / "migrations" / "env.py"
    before = environment.read_text()
    result = project.sketch.run("guard")
    assert (result.status, result.stdout.partition(":")[0]) == (1, "Not guarded")
    result = project.sketch.run("guard", "--install")
    assert result.status == 1
    assert '+        autogenerate_plugins=["alembic.autogenerate.*", "driftcheck.guard"],' in (
        result.stdout
    )
    assert environment.read_text() == before
    assert project.sketch.run("guard", "--install", "--yes").status == 0
    result = project.sketch.run("guard")
    assert (result.status, result.stdout) == (0, "Guarded by the plugin driftcheck.guard.\n")


@pytest.mark.needs("alembic>=1.18")
def test_a_plugin_that_a_pattern_enables_guards(guarded):
    pattern = PLUGINS.replace("driftcheck.guard", "driftcheck.*")
    project = guarded(models(FIRST, LAST, options=pattern))
    assert project.sketch.run("guard").stdout == "Guarded by the plugin driftcheck.guard.\n"


@pytest.mark.needs("alembic>=1.18")
def test_a_place_that_is_not_found_is_left_to_the_user(guarded):
    project = guarded(models(FIRST, LAST, options=""))
    environment = project.sketch.root / "migrations" / "env.py"
    source = environment.read_text()
    hidden = source.replace("context.configure(", "getattr(context, 'configure')(")
    environment.write_text(hidden)
    result = project.sketch.run("guard", "--install", "--yes")
    assert result.status == 2
    assert "context.configure(…, autogenerate_plugins=" in result.stderr
    assert environment.read_text() == hidden
