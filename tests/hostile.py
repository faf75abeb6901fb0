"""Somebody who may make objects in one schema of a live database, and tries to get further.

What she tries is written once, as a function that tries everything; the tests differ in what has
driftcheck call it. Whoever runs it as a superuser leaves a file, a role or a setting behind.
"""

import shutil
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

from driftcheck.databases.connection import connect

HER_NAME = "mallory"

_ATTEMPTS = """
  'RESET ROLE',
  'RESET SESSION AUTHORIZATION',
  'SET SESSION AUTHORIZATION {superuser}',
  'SET ROLE {superuser}',
  'COPY (SELECT 1) TO PROGRAM ''touch {witness}/program''',
  'COPY (SELECT 1) TO ''{witness}/copied''',
  'SELECT lo_export(lo_from_bytea(0, ''x''), ''{witness}/exported'')',
  'SELECT pg_file_write(''{witness}/written'', ''x'', false)',
  'SELECT dblink_exec(''dbname=postgres user={superuser}'',
    ''COPY (SELECT 1) TO PROGRAM ''''touch {witness}/dblink'''''')',
  'ALTER ROLE ' || quote_ident(session_user) || ' SUPERUSER',
  'ALTER ROLE ' || quote_ident(current_user) || ' SUPERUSER',
  'ALTER ROLE {her} SUPERUSER',
  'CREATE ROLE {her}_too SUPERUSER',
  'GRANT pg_execute_server_program TO {her}',
  'ALTER SYSTEM SET log_statement = ''all''',
  'CREATE EXTENSION IF NOT EXISTS dblink',
  'CREATE DATABASE {her}_own',
  'COPY (SELECT 1) TO PROGRAM ''touch {witness}/program-again'''
"""

PAYLOAD = """
CREATE FUNCTION {her}.act() RETURNS integer LANGUAGE plpgsql AS $act$
DECLARE attempt text;
BEGIN
  FOREACH attempt IN ARRAY ARRAY[{attempts}] LOOP
    BEGIN EXECUTE attempt; EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
  RETURN 1;
END $act$;
CREATE FUNCTION {her}.payload() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
  $it$ BEGIN PERFORM {her}.act(); RETURN 1; END $it$;
CREATE FUNCTION {her}.payload(anything integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
  $it$ BEGIN PERFORM {her}.act(); RETURN anything; END $it$;
CREATE FUNCTION {her}.fires() RETURNS trigger LANGUAGE plpgsql AS
  $it$ BEGIN PERFORM {her}.act(); RETURN NEW; END $it$;
CREATE TABLE {her}.things (id integer, name text);
"""

_LEFT = """
SELECT ARRAY(SELECT rolname::text || rolsuper || rolcreaterole || rolcreatedb FROM pg_roles
         WHERE rolname !~ '^driftcheck_' ORDER BY 1)
  || ARRAY(SELECT datname::text FROM pg_database WHERE datname !~ '^driftcheck_' ORDER BY 1)
  || ARRAY(SELECT roleid::regrole || ' ' || member::regrole FROM pg_auth_members ORDER BY 1)
  || ARRAY(SELECT name || setting FROM pg_file_settings
           WHERE sourcefile LIKE '%/postgresql.auto.conf' ORDER BY 1)
"""


class Mallory:
    """Her schema in a live database, and what shows whether she has got further."""

    def __init__(self, live, witness):
        self.live = live
        self.witness = witness
        self._superuser = live.url.username
        exists = live.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", HER_NAME)
        if not exists:
            live.execute(f"CREATE ROLE {HER_NAME} LOGIN")
        live.execute(f"CREATE SCHEMA {HER_NAME} AUTHORIZATION {HER_NAME}")
        self.does(self.written(PAYLOAD))
        self.begins()

    def begins(self):
        """Take down what the server has before anything is tried."""
        self._before = self._left()

    def written(self, text):
        """SQL of hers, with her name and where she would leave a file."""
        said = {"her": HER_NAME, "witness": self.witness, "superuser": self._superuser}
        attempts = _ATTEMPTS.format(**said)
        for name, value in {**said, "attempts": attempts}.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def does(self, statements):
        """Log in to the live database as her, and run statements."""
        with closing(connect(self.live.url.set(username=HER_NAME))) as connection:
            connection.cursor().execute(self.written(statements))
            connection.commit()

    def _left(self):
        return self.live.execute(_LEFT)

    def has_got_nowhere(self):
        """No file was written, and the server's roles, databases and settings are as before."""
        files = [path.name for path in self.witness.iterdir()]
        assert files == []
        assert self._left() == self._before
        return True


@contextmanager
def witness():
    """A directory in which every account of this machine could leave a file."""
    directory = Path(tempfile.mkdtemp(prefix="witness-", dir="/tmp"))
    directory.chmod(0o777)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)
