"""Passwords are masked in every encoding, and reports stay readable."""

import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy.engine import URL

from driftcheck.process import masking
from driftcheck.process.masking import learn, learn_settings, learn_text, learn_url, masked
from driftcheck.reports.visible import visible

SECRETS = [
    "hunter2",
    "swordfish",
    "secret",
    "p@ss/w:rd?#%",
    "a+b c&d=e",
    'it\'s "quoted" \\ here',
    "schlüssel-é",
    "pass😀word",
    "<tag>&amp;",
    "tab\there",
    "x" * 30 + "-" + "y" * 30,
]
ENCODINGS = {
    "plain": str,
    "repr": lambda text: repr(text)[1:-1],
    "bytes": lambda text: repr(text.encode())[2:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "quote": quote,
    "quote all": lambda text: quote(text, safe=""),
    "quote_plus": quote_plus,
    "lower": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%3A", "%3a"),
    "twice": lambda text: quote(quote(text, safe=""), safe=""),
    "json": lambda text: json.dumps(text)[1:-1],
    "json utf-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "xml": html.escape,
    "markdown": lambda text: text.replace("\\", r"\\").replace("<", r"\<").replace("*", r"\*"),
    "visible": lambda text: visible(text, "ascii"),
    "wrapped": lambda text: text.replace(" ", "\n    "),
    "ini": lambda text: quote(text, safe="").replace("%", "%%"),
    "SQLAlchemy": lambda text: URL.create("x", "u", text).render_as_string(hide_password=False)[
        6:-1
    ],
}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(masking, "_secrets", set())
    monkeypatch.setattr(masking, "_names", set())
    monkeypatch.setattr(masking, "_environment", {})
    for name in ("PGPASSWORD", "PGUSER", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("secret", SECRETS)
def test_every_encoding(secret, encoding):
    learn(secret, "me", "school")
    written = ENCODINGS[encoding](secret)
    assert masked(f"before >{written}< after") == "before >***< after"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:{}@host/school",
        "postgresql+psycopg2://me:{}@host:5432/school?sslmode=require",
        "postgresql://host/school?user=me&password={}",
        "postgresql://host/school?sslpassword={}&sslmode=require",
        "mssql+pyodbc://?odbc_connect=DRIVER%3Dx%3BUID%3Dme%3BPWD%3D{}%3BSERVER%3Dh",
        "host=h user=me password='{}' dbname=school",
        "-x=url=mysql://me:{}@h/school",
        "sqlalchemy.url = postgres://me:{}@h/school",
    ],
)
def test_where_passwords_are_learned_from(text):
    learn_text(text.format("s3cr%40t"))
    assert masked("it was s3cr@t, that is s3cr%40t") == "it was ***, that is ***"


@pytest.mark.parametrize(
    "url", ["a://me:s3cr3t@t-pw@host/x", "a://me:s3cr3t pw@host/x", "a://me:s3cr3t/pw@host/x"]
)
def test_urls_that_are_not_valid(url):
    learn_url(url)
    assert "s3cr3t" not in masked(f"cannot use {url}")
    assert "s3cr3t" not in masked(f"cannot use {url.split('://me:')[1].rpartition('@')[0]}")


def test_settings_are_learned_from(monkeypatch):
    monkeypatch.setenv("APP_PASSWORD_2", "t0p-secret")
    monkeypatch.setenv("SSH_ASKPASS", "/usr/bin/askpass")
    learn_settings({"SQLALCHEMY_BINDS": {"one": b"postgresql://me:oth3r-one@h/x"}})
    assert masked("t0p-secret oth3r-one /usr/bin/askpass") == "*** *** /usr/bin/askpass"
    monkeypatch.delenv("APP_PASSWORD_2")
    assert masked("t0p-secret") == "***"


def test_password_files_are_learned_from(tmp_path, monkeypatch):
    file = tmp_path / "pgpass"
    file.write_text("# host:1:db:me:n0-password\nhost:5432:*:me:fr0m\\:file\\\\x\n")
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert masked(r"fr0m:file\x") == "***"
    assert masked("n0-password") == "n0-password"


def test_a_url_of_a_database_is_masked_whoever_wrote_it():
    assert masked("postgresql://me:unknown@h/x") == "postgresql://me:***@h/x"
    assert masked("see https://example.org/a:b@c") == "see https://example.org/a:b@c"


@pytest.mark.parametrize(
    ("password", "names", "text"),
    [
        ("a", (), "a table that has a name"),
        ("test", (), "test_scores, latest, tested"),
        ("school", ("me", "school"), "the table school of the database school"),
        ("postgres", (), "the owner is postgres"),
        ("password", (), "users.password is varchar"),
        ("nice", (), json.dumps("line\nice")),
    ],
)
def test_reports_stay_readable(password, names, text):
    learn(password, *names)
    assert masked(text) == text


@pytest.mark.parametrize("password", ["a", "school", "postgres", "password"])
@pytest.mark.parametrize(
    "text",
    [
        "driver://me:{}@host",
        "password={}",
        "{{'password': '{}', 'user': 'x'}}",
        "PGPASSWORD={} psql",
        "driver%3A%2F%2Fme%3A{}%40host",
    ],
)
def test_an_ordinary_word_is_masked_where_a_password_stands(password, text):
    learn(password, "school")
    assert masked(text.format(password)) == text.format("***")


@pytest.mark.parametrize("piece", ["a", "a://a:b", "://", "password='", "password=", "a=b&", "@"])
def test_a_long_text_takes_no_longer_than_its_length(piece):
    began = time.process_time()
    learn_text(piece * (100_000 // len(piece)))
    masked(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 5


def test_json_stays_valid():
    learn('x"y\\z', "me")
    told = json.loads(masked(json.dumps({'x"y\\z': 'a x"y\\z b', "n": "\\\n\t"})))
    assert told == {"***": "a *** b", "n": "\\\n\t"}
