"""What autogenerate writes with the drift is cached only if the next run would find the same."""

import json

import pytest

from driftcheck.pipeline.autogenerate.operations_with_drift import OperationsWithDrift
from driftcheck.schema import Address
from driftcheck.sources.operation import Operation

DROP = Operation("op.drop_index('ix')", "", Address("index", "public", ("ix",)), None)
OTHER = Operation("op.drop_table('t')", "", Address("table", "public", ("t",)), None)
ERROR = 'index "ix" does not exist'


class InMemory:
    """Stands for ``AutogenerateCache``, and counts what is written."""

    def __init__(self):
        self.entries = {}
        self.written = 0

    def get(self, about):
        return json.loads(self.entries.get(about, "null"))

    def put(self, about, result):
        self.written += 1
        self.entries[about] = json.dumps(result)


@pytest.fixture
def cache():
    return InMemory()


def kept(cache, *, is_repeatable=True, is_error_repeatable=True):
    """Try operations, keep them, and return what the next run finds."""
    found = OperationsWithDrift(cache, "drift")
    found.set([DROP, OTHER], is_repeatable=is_repeatable)
    found.tried(OTHER, None, is_repeatable=True)
    found.tried(DROP, ERROR, is_repeatable=is_error_repeatable)
    found.keep()
    found.keep()
    return OperationsWithDrift(cache, "drift")


def test_operations_and_their_errors_come_back(cache):
    found = kept(cache)
    assert found.operations == [DROP, OTHER]
    assert found.errors == {DROP.text: ERROR, OTHER.text: None}
    assert cache.written == 1
    found.keep()
    assert cache.written == 1
    assert OperationsWithDrift(cache, "other drift").operations is None


@pytest.mark.parametrize("what", ["is_repeatable", "is_error_repeatable"])
def test_what_can_differ_the_next_time_is_not_kept(cache, what):
    assert kept(cache, **{what: False}).operations is None
    assert cache.written == 0


@pytest.mark.parametrize("entry", [{}, [], {"operations": [{}], "errors": []}, {"operations": 1}])
def test_a_damaged_entry_is_none(cache, entry):
    cache.put("drift", entry)
    assert OperationsWithDrift(cache, "drift").operations is None


def test_without_a_cache_the_operations_are_known_in_this_run():
    found = OperationsWithDrift(None, "drift")
    found.set([DROP], is_repeatable=True)
    found.keep()
    assert found.operations == [DROP]
