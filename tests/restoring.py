"""Dumps a database and restores it into another one."""

import subprocess

from driftcheck.databases.postgresql.shadow.binaries import embedded_installations


def _run(program, url, *arguments, **streams):
    # The newest: pg_dump reads older servers, but no newer ones.
    programs = next(found.bin for found in embedded_installations() if found.major == 18)
    place = ["-h", url.query["host"], "-p", url.query["port"], "-U", url.username]
    command = [programs / program, *place, "-d", url.database, *arguments]
    return subprocess.run(command, capture_output=True, check=False, **streams)


def restore(dumped, restored):
    """Restore a dump of one database into another one.

    Returns:
        The errors of pg_restore, without the setting that older servers do not have.
    """
    dump = _run("pg_dump", dumped, "-Fc")
    assert dump.returncode == 0, dump.stderr
    stderr = _run("pg_restore", restored, input=dump.stdout).stderr.decode()
    errors = [line for line in stderr.splitlines() if line.startswith("pg_restore: error:")]
    return [line for line in errors if "transaction_timeout" not in line]
