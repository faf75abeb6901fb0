"""What a check finds with nothing in the cache, it finds again with all of it from the cache."""

import pytest

from tests.acceptance.conftest import Group
from tests.kept import variables

SAMPLE = (
    "postgresql/both_moved",
    "postgresql/filtered",
    "postgresql/noted",
    "postgresql/nothing",
    "postgresql/outside_models",
    "postgresql/pending",
    "postgresql/used",
    "sqlite/drift",
)


@pytest.mark.parametrize("name", SAMPLE)
def test_the_same_is_found(name, sketch, request, tmp_path):
    maker = None if name.startswith("sqlite") else request.getfixturevalue("pg18")
    project, group = sketch(maker), Group.read(name)
    group.write(project)
    options = group.runs[0].get("options", "").split()
    kept = {"DRIFTCHECK_CACHE_DIR": str(tmp_path)} | (variables(maker) if maker else {})

    first, *others = (project.compare(*options, **kept) for _ in range(3))

    assert (first.status, first.database["replay"]) == (group.runs[0]["status"], "fresh")
    for again in others:
        assert (again.status, again.stderr) == (first.status, "")
        assert again.database["replay"] == "cached"
        assert again.database["findings"] == first.database["findings"]
