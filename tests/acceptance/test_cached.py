"""What a check finds with nothing in the cache, it finds again with all of it from the cache."""

import pytest

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
def test_the_same_is_found(name, played, played_again):
    first, again = played(name)[0], played_again(name)
    assert first.database["replay"] == "fresh"
    assert (again.status, again.stderr) == (first.status, "")
    assert again.database["replay"] == "cached"
    assert again.database["findings"] == first.database["findings"]
