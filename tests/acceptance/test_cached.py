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
    first = played(name)[0]
    assert first.database["replay"] == "fresh"
    for _ in range(2):  # the second one also finds what only the first one has cached
        again = played_again(name)
        assert (again.status, again.stderr) == (first.status, "")
        assert again.database["replay"] == "cached"
        assert again.database["findings"] == first.database["findings"]
