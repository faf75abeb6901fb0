"""Settings: an option over the environment over the file, and every value read as it is meant."""

import sys

import pytest

from driftcheck.chain import CHAIN, Gap
from driftcheck.config.settings import Bootstrap, load_settings
from driftcheck.errors import ConfigurationError

URL = "DRIFTCHECK_DATABASE_URL"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.delenv(URL, raising=False)

    def write(text):
        (tmp_path / "pyproject.toml").write_text(f"[tool.driftcheck]\n{text}\n")

    return write


def test_nothing_said(tmp_path, write):
    settings = load_settings(tmp_path, {"app": None, "x": (), "gaps": ()})
    assert settings.fail_on == {Gap.DRIFT, Gap.PENDING}
    assert settings.gaps == CHAIN
    assert settings.cache
    assert not settings.grants


def test_the_first_that_speaks_is_heard(tmp_path, write, monkeypatch):
    write('database-url = "sqlite:///file"')
    assert load_settings(tmp_path, {}).database_url == "sqlite:///file"
    monkeypatch.setenv(URL, "sqlite:///environment")
    assert load_settings(tmp_path, {}).database_url == "sqlite:///environment"
    options = {"database_url": "sqlite:///option"}
    assert load_settings(tmp_path, options).database_url == "sqlite:///option"
    assert load_settings(tmp_path, {"database_url": ""}).database_url == "sqlite:///environment"


def test_a_flag_that_says_no_is_heard(tmp_path, write):
    write("grants = true\ncache = true")
    assert not load_settings(tmp_path, {"grants": False}).grants
    assert not load_settings(tmp_path, {"cache": False}).cache
    assert load_settings(tmp_path, {"grants": None}).grants


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ("drift", {Gap.DRIFT}),
        ("drift, unapplied", {Gap.DRIFT, Gap.UNAPPLIED}),
        ("none", set()),
        ("", {Gap.DRIFT, Gap.PENDING}),
    ],
)
def test_what_fails_a_check(tmp_path, write, text, gaps):
    assert load_settings(tmp_path, {"fail_on": text}).fail_on == gaps


def test_gaps_come_in_the_order_of_the_chain(tmp_path, write):
    write('gaps = ["drift", "pending"]')
    assert load_settings(tmp_path, {}).gaps == (Gap.PENDING, Gap.DRIFT)


def test_a_path_begins_at_the_project(tmp_path, write):
    write('base-snapshot = "kept/base.json"')
    assert load_settings(tmp_path, {}).base_snapshot == tmp_path / "kept" / "base.json"


@pytest.mark.parametrize(
    ("text", "what", "revision"),
    [
        ("schema.sql", "schema.sql", ""),
        ("schema.sql@0001", "schema.sql", "0001"),
        ("create_all @ 0001", "create_all", "0001"),
        ("package.module:callable", "package.module:callable", ""),
        ("command: psql me@host -f x@0001", "command: psql me@host -f x", "0001"),
    ],
)
def test_bootstrap(text, what, revision):
    assert Bootstrap.parse(text) == Bootstrap(what, revision)


@pytest.mark.parametrize("text", ["cache = 1", "x = {}", "fail-on = 5", "gaps = [1]", "app = []"])
def test_a_value_that_cannot_be(tmp_path, write, text):
    write(text)
    with pytest.raises(ConfigurationError, match=f"{text.partition(' ')[0]} must be"):
        load_settings(tmp_path, {})


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "pyproject.toml").symlink_to("/proc/self/mem")  # root cannot read it either
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml cannot be read: Input/output"):
        load_settings(tmp_path, {})
