"""A database restored from its own dump reads the same, on a later version of the server too."""

import subprocess

import pytest

from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.judging.comparison import compare

# pg_dump writes no handler that an extension brings, so a dump cannot bring this language back.
LANGUAGE = """create trusted language shell handler plpgsql_call_handler
    inline plpgsql_inline_handler validator plpgsql_validator"""


def _run(program, database, *arguments, **streams):
    programs = next(live.bin for live in embedded_installations() if live.major == 18)
    info = database.connection.info
    place = ["-h", info.host, "-p", str(info.port), "-U", info.user, "-d", info.dbname]
    command = [programs / program, *place, *arguments]
    return subprocess.run(command, capture_output=True, check=False, **streams)


@pytest.mark.parametrize("server", ["pg15", "pg16", "pg18"])
def test_what_is_restored_has_not_drifted(everything_on, session, pg18, server):
    dumped = everything_on(server)
    restored = session(pg18, LANGUAGE)
    restored.connection.commit()
    dump = _run("pg_dump", dumped, "-Fc").stdout
    faults = _run("pg_restore", restored, input=dump).stderr.decode()
    assert faults.count("error: could not execute query") == 1, faults  # that of the language
    there = restored.read(owners=True, grants=True)
    assert compare(dumped.bases[True], there, same_lineage=True) == []
