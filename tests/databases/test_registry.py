"""Every supported dialect has a database behind the protocol, and no other code names one."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

import driftcheck
from driftcheck.databases.database import Database
from driftcheck.databases.location import database_key_of, endpoints_of, own_url
from driftcheck.databases.registry import catalog_for, database_for, find_database
from driftcheck.dialects import DIALECTS, display_name, supported_names
from driftcheck.errors import CatalogError

SOURCE = Path(driftcheck.__file__).parent
TABLES = {
    "dialects.py": "the table of dialects itself",
    "project/interception/drivers.py": "modules of drivers that are written in C",
    "project/interception/children.py": "client programs",
}
"""Files outside of ``databases`` that may contain the name of a dialect, and why."""


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_has_a_database(name):
    database = database_for(name)
    assert isinstance(database, Database)
    assert database.catalog.kinds
    assert database.catalog is not None
    assert type(catalog_for(name)) is type(database.catalog)
    assert database.names_query.split()[0] in ("SELECT", "WITH")


@pytest.mark.parametrize("name", DIALECTS)
def test_databases_are_files_or_have_addresses(name):
    url = make_url(f"{name}:///shop" if database_for(name).is_file else f"{name}://db.example/shop")
    endpoints = endpoints_of(url)
    key = database_key_of(url)
    if database_for(name).is_file:
        assert (endpoints, key.host, key.port) == ((), "", None)
    else:
        assert [endpoint.host for endpoint in endpoints] == ["db.example"]
        assert (key.host, key.port, key.database) == ("db.example", endpoints[0].port, "shop")


def test_an_unsupported_dialect():
    url = make_url("mssql://127.0.0.1:99/x")
    assert find_database("mssql") is None
    assert own_url(url) == url
    assert database_key_of(url) == ("mssql", "localhost", 99, "x")
    assert endpoints_of(url) == ()
    assert display_name("mssql") == "mssql"
    with pytest.raises(CatalogError, match="'mssql'") as caught:
        database_for("mssql")
    assert supported_names() in caught.value.hint


def test_the_packages_of_databases_are_imported_on_demand():
    code = """\
import sys
from driftcheck.databases.location import database_key_of
from sqlalchemy.engine import make_url
database_key_of(make_url("sqlite:///x"))
packages = ("postgresql", "mysql", "sqlite")
print([name for name in packages if f"driftcheck.databases.{name}.database" in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['sqlite']\n"


def test_no_other_code_names_a_dialect():
    """Code outside of ``databases`` asks the protocol, and does not branch on a dialect's name."""
    found = {}
    for file in SOURCE.rglob("*.py"):
        name = file.relative_to(SOURCE).as_posix()
        if not name.startswith("databases/"):
            constants = {
                node.value
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
            found[name] = sorted(constants & {*DIALECTS})
    named = {name: dialects for name, dialects in found.items() if dialects}
    assert set(named) <= set(TABLES), named
