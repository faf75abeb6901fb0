"""No password of a database that driftcheck has met leaves the process, in whatever way."""

import os
from urllib.parse import quote, quote_plus

import pytest

from driftcheck.reports import FORMATS

PASSWORD = "gr@b/b3d w+rd"
SPELLINGS = PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD)
URL = f"postgresql://me:{quote(PASSWORD, safe='')}@localhost:1/school"
TELLS = """
import logging, os, sys, warnings
from urllib.parse import quote, quote_plus
from sqlalchemy.engine import make_url
url = {source}
password = make_url(url).password
said = [password, quote(password), quote(password, safe=""), quote_plus(password), repr(password),
        repr(password.encode()), url, str(make_url(url)), repr(dict(password=password))]
for one in said:
    print(one)
    logging.warning(one)
    warnings.warn(one)
"""
SOURCES = {
    "option": ("os.environ['HANDED']", ["-d", URL], {}),
    "shadow": ("os.environ['HANDED']", ["--shadow", URL], {}),
    "DRIFTCHECK_DATABASE_URL": ("os.environ['HANDED']", [], {"DRIFTCHECK_DATABASE_URL": URL}),
    "configuration": ("context.config.get_main_option('sqlalchemy.url')", [], {}),
    "environment": ("os.environ['ANY_URL']", [], {"ANY_URL": URL}),
    "engine": (
        "'postgresql://me:' + quote(''.join(['gr@b/', 'b3d w+rd']), safe='') + '@h/x'",
        [],
        {},
    ),
}
LEAK = "raise RuntimeError(' '.join(said))\n"
ENGINE = """
from sqlalchemy import create_engine
try:
    create_engine(url).connect()
finally:
    raise RuntimeError(" ".join(said))
"""


def clean(text):
    assert "***" in text
    for spelling in (*SPELLINGS, PASSWORD[:8], quote(PASSWORD, safe="")[:10]):
        assert spelling not in text


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["plain", "debug"])
def test_what_env_py_prints_and_raises(pg_school, source, options):
    said, arguments, variables = SOURCES[source]
    project = pg_school.project
    if source == "configuration":
        project.name_database(URL)
    env = project.root / "migrations" / "env.py"
    text = env.read_text()
    lines = TELLS.format(source=said) + (ENGINE if source == "engine" else LEAK)
    env.write_text("from alembic import context\n" + lines + text)
    if said == "os.environ['HANDED']":
        variables = {**variables, "HANDED": URL}
    arguments = ["compare", *arguments, *options]
    result = project.run(*arguments, **{"DRIFTCHECK_SHADOW": pg_school.shadow, **variables})
    assert (result.status, result.stdout) == (3, "")
    clean(result.stderr)


def test_a_tail_that_begins_in_a_password(school):
    env = school.root / "migrations" / "env.py"
    for kept in range(4, 13):
        tail = f"print(os.environ['DB_PASSWORD'] + 'z' * {1999 - kept}); raise ValueError"
        env.write_text(f"import os\n{tail}\n")
        result = school.run("compare", DB_PASSWORD=PASSWORD)
        assert PASSWORD[-kept:] not in result.stderr.replace("z", "")


@pytest.mark.parametrize("form", FORMATS)
def test_reports_in_every_form(school, form):
    url = f"postgresql://me:{quote(PASSWORD, safe='')}@h/x".replace("'", "''")
    school.by_hand(
        f"CREATE TABLE leaks (a text DEFAULT '{PASSWORD}', b text DEFAULT '{url}',"
        f" c text DEFAULT '{quote_plus(PASSWORD)}')"
    )
    for options in ([], ["-o", "report"]):
        result = school.run(
            "compare", "--verbose", "--format", form, *options, APP_PASSWORD=PASSWORD
        )
        assert result.status == 1
        told = (school.root / "report").read_text() if options else result.stdout
        assert "leaks" in told
        for spelling in SPELLINGS:
            assert spelling not in told
    snapshot = school.run("snapshot", "--write", "base.json", APP_PASSWORD=PASSWORD)
    assert snapshot.status == 0
    clean((school.root / "base.json").read_text())


def test_a_configuration_that_cannot_be_read(school):
    (school.root / "alembic.ini").write_text(
        f"[alembic]\nscript_location = migrations\nsqlalchemy.url = {URL}\nnothing\n"
    )
    for options in ([], ["--debug"]):
        result = school.run("compare", *options)
        assert result.status == 3
        for spelling in SPELLINGS:
            assert spelling not in result.stderr
    assert os.sep in result.stderr
