"""The JSON Schema of the settings agrees with the code, and with the examples of the pages."""

import json
import tomllib
from datetime import date

import configuration
import pytest
from jsonschema import Draft7Validator

from driftcheck.config.settings import READERS, load_settings
from driftcheck.errors import ConfigurationError
from tests.docs.pages import DOCS, blocks

SCHEMA = json.loads((DOCS / "config.schema.json").read_text(encoding="utf-8"))
EXAMPLES = [(page, code) for page, code in blocks("toml") if "[tool.driftcheck" in code]
WRONG = [
    "unknown = 1",
    "app = 1",
    "grants = 'yes'",
    "timeout = 0",
    "gaps = ['everything']",
    "fail-on = ['drift', 'Hazard']",
    "x = [1]",
    "ignore = [{rule = 'drift-*'}]",
    "ignore = [{rule = '', reason = 'why'}]",
    "ignore = {rule = 'drift-*', reason = 'why'}",
    "guard = {mode = 'maybe'}",
    "guard = {required = 'yes'}",
]
RIGHT = [
    "x = 'tenant=north'",
    "x = ['tenant=north', 'region=eu']",
    "fail-on = 'drift, pending,hazard-lock'",
    "fail-on = 'none'",
    "fail-on = []",
    "gaps = ['drift']",
    "timeout = 1.5",
    "guard = {}",
]


def errors(table):
    """Return the errors of the schema. Editors hand over a date of TOML as a string."""
    as_json = json.loads(json.dumps(table, default=date.isoformat))
    return [error.message for error in Draft7Validator(SCHEMA).iter_errors(as_json)]


@pytest.mark.parametrize("name", configuration.json_schemas())
def test_a_schema_is_the_one_that_the_code_makes(name):
    written = json.loads((DOCS / name).read_text(encoding="utf-8"))
    assert configuration.json_schemas()[name] == written, "run docs/hooks/write_files.py"
    Draft7Validator.check_schema(written)


def test_the_schema_has_the_keys_of_the_code():
    assert sorted(SCHEMA["properties"]) == sorted(map(configuration.name, READERS))


@pytest.mark.parametrize(
    ("page", "code"), EXAMPLES, ids=[f"{page} {at}" for at, (page, _) in enumerate(EXAMPLES)]
)
def test_an_example(tmp_path, page, code):
    assert errors(tomllib.loads(code)["tool"]["driftcheck"]) == []
    (tmp_path / "pyproject.toml").write_text(code, encoding="utf-8")
    load_settings(tmp_path, {})


@pytest.mark.parametrize("line", RIGHT)
def test_what_both_accept(tmp_path, line):
    assert errors(tomllib.loads(line)) == []
    (tmp_path / "pyproject.toml").write_text(f"[tool.driftcheck]\n{line}\n", encoding="utf-8")
    load_settings(tmp_path, {})


@pytest.mark.parametrize("line", WRONG)
def test_what_both_refuse(tmp_path, line):
    assert errors(tomllib.loads(line)) != []
    (tmp_path / "pyproject.toml").write_text(f"[tool.driftcheck]\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        load_settings(tmp_path, {})


def test_every_key_is_in_the_table_with_its_meaning():
    rows = configuration.table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [configuration.name(key) for key in READERS]
    assert all(row.split(" | ")[-1].strip(" |") for row in rows)
