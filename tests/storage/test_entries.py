"""Entries that are written and read in parts."""

from driftcheck.storage.entries import Digested, Entries, digest_of


def test_the_digest_of_parts_is_that_of_the_text():
    parts = Digested(["one ", "", "twö"])
    assert next(iter(parts)) == "one "
    assert parts.digest() == digest_of("one twö") == parts.digest()


def test_an_entry_can_be_written_and_read_in_parts(tmp_path, monkeypatch):
    monkeypatch.setenv("DRIFTCHECK_CACHE_DIR", str(tmp_path / "cache"))
    entries = Entries("replays")
    entries.put("key", iter(["first\n", "second\n"]))
    assert entries.get("key") == "first\nsecond\n"
    assert entries.read("key", list) == ["first\n", "second\n"]
    assert entries.read("other", list) is None


def test_the_digest_is_complete_if_the_entry_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv("DRIFTCHECK_CACHE_DIR", str(tmp_path / "cache"))
    entries = Entries("replays")
    (tmp_path / "cache" / "replays").write_text("in the way")
    parts = Digested(["one ", "two"])
    entries.put("key", parts)
    assert parts.digest() == digest_of("one two")
