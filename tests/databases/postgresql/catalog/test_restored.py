"""A database restored from its own dump reads the same, on a later version of the server too."""

from functools import partial

import pytest

from driftcheck.judging.comparison import compare
from driftcheck.pipeline.printed_expressions import compared
from tests.restoring import restore

# pg_dump writes no handler that an extension brings, so a dump cannot bring this language back.
LANGUAGE = """create trusted language shell handler plpgsql_call_handler
    inline plpgsql_inline_handler validator plpgsql_validator"""

PAIRS = [("pg15", "pg15"), ("pg16", "pg16"), ("pg18", "pg18"), ("pg15", "pg18"), ("pg16", "pg18")]


@pytest.mark.parametrize("servers", PAIRS, ids=" on ".join)
def test_what_is_restored_has_not_drifted(servers, everything_on, session, catalog, request):
    dumped, maker = everything_on(servers[0]), request.getfixturevalue(servers[1])
    restored = session(maker, LANGUAGE)
    restored.connection.commit()
    errors = restore(dumped.shadow.url, restored.url)
    (error,) = (each for each in errors if "subscription" not in each)
    assert "shell" in error
    there = restored.read(owners=True, grants=True)
    comparison = compared(
        dumped.bases[True], there, partial(compare, same_lineage=True), catalog, lambda: maker
    )
    # The newest pg_dump writes an option of subscriptions that only later servers have.
    refused = {"subscription"} if servers[1] == "pg15" else set()
    assert {change.address.kind for change in comparison.changes} == refused
