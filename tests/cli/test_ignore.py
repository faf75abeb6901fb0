"""An ignore entry is written into the project's file, and the rest of the file stays as it is."""

import tomllib

import pytest

USAGE = 2
ADD = ("ignore", "public.audit", "--reason", "It is theirs.")
LINE = '{rule = "drift-*", address = "public.audit", reason = "It is theirs."}'
TABLE = """[[tool.driftcheck.ignore]]
rule = "drift-*"
address = "public.audit"
reason = "It is theirs."
"""
OLD = '{rule = "drift-index-*", reason = "old"}'
OLD_TABLE = '[[tool.driftcheck.ignore]]\nrule="a-b"  # old\nreason="old"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[tool.driftcheck]\nignore = [\n    {LINE},\n]\n"),
        (
            f"[tool.driftcheck]\nignore = [\n  {OLD},  # why\n]\n[tool.x]\na=1\n",
            f"[tool.driftcheck]\nignore = [\n  {OLD},  # why\n  {LINE},\n]\n[tool.x]\na=1\n",
        ),
        (
            f"[tool]\ndriftcheck.ignore = [{OLD}]\n",
            f"[tool]\ndriftcheck.ignore = [{OLD}, {LINE}]\n",
        ),
        (f"{OLD_TABLE}\n[tool.x]\na=1\n", f"{OLD_TABLE}\n{TABLE}\n[tool.x]\na=1\n"),
        (
            f"{OLD_TABLE}\n[tool.x]\n".replace("\n", "\r\n"),
            f"{OLD_TABLE}\n{TABLE}\n[tool.x]\n".replace("\n", "\r\n"),
        ),
        (
            f"[tool.driftcheck]\nignore = [{LINE.replace('theirs', 'ours')}]\n",
            f"[tool.driftcheck]\nignore = [{LINE}]\n",
        ),
        (
            f"{TABLE.replace('theirs', 'ours')[:-1]}  # why\n\n# old\n{OLD_TABLE}[tool.x]\n",
            f"{TABLE[:-1]}  # why\n\n# old\n{OLD_TABLE}[tool.x]\n",
        ),
        (
            '[tool.driftcheck]\ndatabase-url = "postgresql://me:s3cr3t-w0rd@nowhere/x"\n',
            (
                '[tool.driftcheck]\ndatabase-url = "postgresql://me:s3cr3t-w0rd@nowhere/x"\n'
                f"ignore = [\n    {LINE},\n]\n"
            ),
        ),
    ],
    ids=[
        "no file",
        "lines",
        "dotted",
        "tables",
        "Windows",
        "the same patterns",
        "in tables",
        "a password",
    ],
)
def test_an_entry_is_added(school, secret, before, after):
    path = school.root / "pyproject.toml"
    if before:
        path.write_bytes(before.encode())
    result = school.run(*ADD)
    assert (result.status, result.stderr) == (0, "")
    assert path.read_bytes().decode() == after
    assert "+++ pyproject.toml" in result.stdout
    assert secret not in result.stdout


def test_the_last_day_of_an_entry_is_added_and_removed(school):
    path = school.root / "pyproject.toml"
    before = f"{TABLE}\n# about the next\n{OLD_TABLE}"
    path.write_text(before)
    assert school.run(*ADD, "--until", "2099-01-31").status == 0
    with_day = TABLE + "until = 2099-01-31\n"
    assert path.read_text() == before.replace(TABLE, with_day)
    assert school.run(*ADD).status == 0
    assert path.read_text() == before


def test_it_applies_until_its_day(school):
    school.by_hand("CREATE TABLE audit (id integer); CREATE TABLE audit_2 (id integer)")
    assert school.run(*ADD[:1], "audit*", *ADD[2:], "--until", "2099-01-31").status == 0
    assert (school.compare().status, school.compare().findings) == (0, [])
    assert len(school.compare().database["ignored"]) == 2


def test_hostile_texts(school):
    address, reason = 'public."a ""b""\\"', "so\n\x1b[31m]}"
    result = school.run("ignore", address, "--reason", reason)
    assert result.status == 0
    assert "\x1b" not in result.stdout
    (entry,) = tomllib.loads((school.root / "pyproject.toml").read_text())["tool"]["driftcheck"][
        "ignore"
    ]
    assert entry == {"rule": "drift-*", "address": address, "reason": reason}


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("", ["--until", "2020-01-31"], ["2020-01-31", "has passed"]),
        ("", ["--rule", "drft-*"], ["no rule matches", "drft-*"]),
        ("", ["--reason", " "], ["reason", "not empty"]),
        ("[tool.driftcheck\n", [], ["pyproject.toml", "TOML"]),
        ("[tool.driftcheck]\nignore = 5\n", [], ["ignore", "list"]),
        ("[tool]\ndriftcheck = 5\n", [], ["[tool.driftcheck]", "table"]),
    ],
)
def test_what_cannot_be_added(school, refused, text, options, words):
    path = school.root / "pyproject.toml"
    path.write_text(text)
    refused(school.run(*ADD, *options), USAGE, *words)
    assert path.read_text() == text
