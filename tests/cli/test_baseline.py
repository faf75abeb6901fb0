"""What a team has parked does not fail a check, and everything new does."""

from datetime import date

import pytest

from driftcheck.config.baseline import Baseline, BaselineEntry, baseline_text, read_baseline

USAGE = 2


def ignored(result):
    return [each["finding"]["address"] for each in result.database["ignored"]]


@pytest.fixture
def drifted(school):
    """A project with drift by hand, and with a column that no migration adds."""
    (school.root / "models.py").write_text(
        (school.root / "models.py").read_text().replace("True)", 'True), Column("age", Integer)')
    )
    school.by_hand('CREATE TABLE audit (id integer); CREATE TABLE "a [b]\n" (id integer)')
    return school


def test_the_first_check_after_is_green_and_new_drift_is_not(drifted):
    before = drifted.compare()
    assert (before.status, len(before.findings)) == (1, 3)
    written = drifted.compare("--write-baseline")
    assert (written.status, written.findings) == (0, [])
    assert "3 findings recorded" in written.stderr
    assert sorted(ignored(written)) == ['"a [b]\n"', "audit", "students.age"]

    drifted.by_hand("ALTER TABLE audit ADD COLUMN who text; CREATE TABLE other (id integer)")
    after = drifted.compare()
    assert after.status == 1
    assert [address for _, address in after.findings] == ["", "audit", "other"]
    assert len(ignored(after)) == 2


def test_what_is_gone_is_noted_until_the_baseline_is_written_again(drifted):
    drifted.compare("--write-baseline")
    drifted.by_hand("DROP TABLE audit")
    after = drifted.compare()
    assert (after.status, after.findings) == (0, [("baseline-outdated", "")])
    assert drifted.compare("--only-gap", "pending").findings == []
    assert drifted.compare("--write-baseline").findings == []
    assert "audit" not in (drifted.root / "driftcheck-baseline.toml").read_text()


def test_what_an_entry_ignores_is_not_recorded(drifted):
    assert drifted.run("ignore", "audit", "--reason", "It is theirs.").status == 0
    assert "2 findings recorded" in drifted.compare("--write-baseline").stderr
    text = drifted.run("compare").stdout
    assert "3 findings ignored, as configured in [tool.driftcheck] and as recorded in the" in text


def test_a_part_of_the_project_is_not_enough(drifted, refused):
    refused(drifted.compare("--write-baseline", "--only-gap", "drift"), USAGE, "--only-gap")
    refused(drifted.compare("--write-baseline", "--owners"), USAGE, "--owners")


def test_a_check_that_fails_leaves_the_baseline_as_it_was(drifted):
    drifted.compare("--write-baseline")
    before = (drifted.root / "driftcheck-baseline.toml").read_bytes()
    (drifted.root / "models.py").write_text("1 / 0")
    assert drifted.compare("--write-baseline").status == 3
    assert (drifted.root / "driftcheck-baseline.toml").read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        "written = 1",
        "written = 2026-11-29\nfindings = [1]",
        "written = 2026-11-29\n[[findings]]\nrule = 'a'",
        "written = 2026-11-29\n[[findings]]\nrule = 'a'\naddress = 'b'\ndigest = 'c'\nmore = 'd'",
        "written = ",
    ],
)
def test_a_file_that_is_no_baseline(school, refused, text):
    (school.root / "parked.toml").write_text(text)
    (school.root / "pyproject.toml").write_text('[tool.driftcheck]\nbaseline = "parked.toml"')
    refused(school.compare(), USAGE, "parked.toml", "--write-baseline")


def test_names_survive_the_file(tmp_path):
    names = ['"a"', "a\nb\t\x7f\x1b[31m", "名", "a\\b", "'''"]
    entries = frozenset(BaselineEntry("drift-table-extra", name, "0", name) for name in names)
    path = tmp_path / "a.toml"
    baseline = Baseline(path, date(2026, 11, 29), entries)
    path.write_text(baseline_text(baseline), encoding="utf-8")
    assert read_baseline(path) == baseline
