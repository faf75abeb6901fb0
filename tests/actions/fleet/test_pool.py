"""How many members are read at the same time, and what becomes of a worker that fails."""

import sqlite3
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing

import pytest

from driftcheck.actions.fleet.pool import Limits, read_members
from driftcheck.actions.fleet.reading import MemberReading, ReadFailure, ReadJob
from driftcheck.actions.fleet.url_references import UrlReference


def job(name, url):
    tables = (("", "alembic_version"),)
    reference = UrlReference(url, url)
    return ReadJob(name, reference, tables, grants=False, owners=False, settings=False, timeout=5)


class Counting(ThreadPoolExecutor):
    """Counts the jobs that are submitted and not yet done, by host."""

    def __init__(self):
        super().__init__(16)
        self.now = Counter()
        self.most = Counter()

    def submit(self, function, each):
        host = each.url.resolve().host
        self.now[host] += 1
        self.most[host] = max(self.most[host], self.now[host])
        self.most["all"] = max(self.most["all"], self.now.total())
        future = super().submit(function, each)
        future.add_done_callback(lambda _: self.now.subtract([host]))
        return future


def test_the_limits():
    """Nobody listens there, so each job ends by itself."""
    jobs = [
        job(f"{host} {number}", f"postgresql://x@{host}:1/x")
        for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        for number in range(6)
    ]
    with Counting() as executor:
        outcomes = list(read_members(jobs, executor, Limits(5, 2)))
    assert sorted(outcome.member for outcome in outcomes) == sorted(each.member for each in jobs)
    assert executor.most["all"] <= 5
    assert {host: most for host, most in executor.most.items() if host != "all"} == {
        "127.0.0.1": 2,
        "127.0.0.2": 2,
        "127.0.0.3": 2,
    }


def test_a_file(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num text);"
            "INSERT INTO alembic_version VALUES ('a')"
        )
    with ThreadPoolExecutor(1) as executor:
        (outcome,) = read_members([job("a", f"sqlite:///{path}")], executor, Limits(1, 1))
    assert isinstance(outcome, MemberReading)
    assert outcome.stamps == (("", "alembic_version", ("a",)),)


class Breaking(ThreadPoolExecutor):
    """An executor whose worker has died."""

    def submit(self, *_):
        future = Future()
        future.set_exception(BrokenProcessPool("a process was killed"))
        return future


def test_a_worker_that_failed_is_one_line():
    with Breaking(1) as executor:
        (outcome,) = read_members([job("a", "sqlite:///a.db")], executor, Limits(1, 1))
    assert isinstance(outcome, ReadFailure)
    assert outcome.reason == "the worker that read the database failed: BrokenProcessPool"


def test_an_executor_without_workers_is_noticed(monkeypatch):
    monkeypatch.setattr("driftcheck.actions.fleet.pool._SILENT_SECONDS", 0.1)

    class Silent(ThreadPoolExecutor):
        def submit(self, *_):
            return Future()

    def require():
        raise TimeoutError

    with Silent(1) as executor, pytest.raises(TimeoutError):
        list(read_members([job("a", "sqlite:///a.db")], executor, Limits(1, 1), require))
