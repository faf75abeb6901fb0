"""Every change that is tried of the schema of everything.sql is found, and nothing else is told.

So what is read is proved attribute by attribute: for each there is a trial that changes nothing
else, and that would be missed if the attribute were not read. Of the older servers, a sample.
"""

from collections import defaultdict

import pytest

from driftcheck.actions.selftest.runner import Bed
from driftcheck.actions.selftest.sampling import chosen, lots
from driftcheck.databases.catalog import Scope
from driftcheck.databases.postgresql.catalog.columns import Column
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.mutation_results import Outcome

EVERYTHING = Scope(grants=True, owners=True)
FAULTS = {Outcome.MISSED, Outcome.FALSE_ALARM}
UNPROVED = {
    # The definition says it, too.
    ("function", "parameters"),
    ("function", "returns"),
    ("procedure", "parameters"),
    ("procedure", "returns"),
    ("aggregate", "parameters"),
    ("trigger", "constraint"),
    # It takes a directory of the server's.
    ("table", "tablespace"),
    ("index", "tablespace"),
    ("materialized view", "tablespace"),
    ("primary key", "tablespace"),
    ("unique constraint", "tablespace"),
    ("exclusion constraint", "tablespace"),
    # It takes another superuser.
    ("foreign data wrapper", "owner"),
    ("event trigger", "owner"),
    # It stands for something that lasts a moment, or that everything.sql has none of.
    ("table", "detaching"),
    ("foreign table", "detaching"),
    ("table", "of_type"),
    ("index", "replica_identity"),
    ("exclusion constraint", "replica_identity"),
    ("exclusion constraint", "options"),
    ("domain", "type"),
    ("domain", "collation"),
    ("text search dictionary", "template"),
    # It can only be another together with something else.
    ("conversion", "source"),
    ("conversion", "target"),
    ("conversion", "function"),
    ("event trigger", "event"),
    ("event trigger", "tags"),
    ("language", "trusted"),
    ("language", "handler"),
    ("language", "inline"),
    ("language", "validator"),
    ("operator class", "type"),
    ("operator class", "default"),
    ("operator class", "storage"),
    ("server", "type"),
    ("text search configuration", "parser"),
    ("view", "columns"),
}


class Watched(Bed):
    """A bed that keeps which attributes were told to have changed together, by kind."""

    def __init__(self, *arguments):
        self.together = defaultdict(set)
        super().__init__(*arguments)

    def _told(self):
        told = super()._told()
        for change in told.changes:
            if change.type is ChangeType.CHANGED:
                attributes = {d.attribute.partition("[")[0] for d in change.differences}
                # What is made anew loses its privileges, which is told as well.
                left = attributes - {"grants"} or attributes
                self.together[change.address.kind].add(frozenset(left))
        return told


def tried_on(session, catalog, scope, sample=None):
    session.connection.rollback()
    bed = Watched(session.connection, catalog, lambda connection: catalog.read(connection, scope))
    trials = chosen([*catalog.trials(bed.schema, scope)], sample, seed=1)
    return bed, [one for lot in lots(trials, 1000) for one in bed.attempt(lot)]


def faults(tried):
    return [f"{t.outcome}: {t.address}: {t.doing}: {t.told}" for t in tried if t.outcome in FAULTS]


def test_every_change_is_found_and_nothing_else_is_told(everything_on, catalog):
    """One test, for what it takes longest is to try it all."""
    bed, tried = tried_on(everything_on("pg18"), catalog, EVERYTHING)
    # What follows a name, and is told of nothing else, shows where that is all that is renamed.
    for kind in ("enum", "operator family"):
        renamed = [t for t in catalog.trials(bed.schema, EVERYTHING) if t.doing == "rename"]
        tried += bed.attempt([trial for trial in renamed if trial.address.kind == kind])

    assert faults(tried) == []
    assert sum(one.outcome is Outcome.FOUND for one in tried) > 2000
    assert sum(one.outcome is Outcome.QUIET for one in tried) > 400
    assert attributes_read(bed) - attributes_proved(bed) - UNPROVED == set()
    assert not_sql(tried) == set()


def attributes_read(bed):
    return {(t.address.kind, name) for t in bed.schema.objects.values() for name in t.attributes}


def attributes_proved(bed):
    """Those that a trial was told to change, and nothing else with them."""
    return {
        (kind, name)
        for kind, several in bed.together.items()
        for attributes in several
        if len(attributes) == 1
        for name in attributes
    }


def not_sql(tried):
    """The sorts of trials that the server takes for no SQL, whatever they are tried on."""
    applied = {(t.address.kind, t.doing) for t in tried if t.outcome is not Outcome.NOT_APPLICABLE}
    return {
        (t.address.kind, t.doing, t.reason)
        for t in tried
        if (t.address.kind, t.doing) not in applied and "syntax" in t.reason
    }


@pytest.mark.parametrize("server", ["pg15", "pg16"])
def test_older_servers_too(server, everything_on, catalog):
    _, tried = tried_on(everything_on(server), catalog, Scope(), sample=40)
    assert faults(tried) == []


def test_what_is_not_read_any_more_is_missed(everything_on, catalog, monkeypatch):
    session = everything_on("pg18")
    session.connection.rollback()
    settle = Column.settle

    def forgetful(self, attributes):
        del attributes["compression"]
        settle(self, attributes)

    monkeypatch.setattr(Column, "settle", forgetful)
    read = lambda connection: catalog.read(connection, Scope())  # noqa: E731
    bed = Bed(session.connection, catalog, read)
    trials = [t for t in catalog.trials(bed.schema, Scope()) if t.doing == "set compression pglz"]
    trials = [t for t in trials if t.address.path[0] == "log"]
    outcomes = defaultdict(list)
    for lot in lots(trials, 1000):
        for one in bed.attempt(lot):
            outcomes[one.outcome].append(one)
    assert set(outcomes) == {Outcome.MISSED, Outcome.NOT_APPLICABLE}
    assert all("pg_attribute" in one.reason for one in outcomes[Outcome.MISSED])


def test_a_change_that_is_told_of_what_was_left_alone_is_a_false_alarm(
    everything_on, catalog, monkeypatch
):
    session = everything_on("pg18")
    session.connection.rollback()
    bed = Bed(session.connection, catalog, lambda connection: catalog.read(connection, Scope()))
    trials = [
        t
        for t in catalog.trials(bed.schema, Scope())
        if t.doing in ("truncate", "comment") and t.address.sql in ("school.log", "school.scratch")
    ]
    fewer = bed.schema.only(lambda thing: thing.address.name != "houses")
    monkeypatch.setattr(catalog, "read", lambda *_: fewer)
    outcomes = {(t.doing, t.outcome) for lot in lots(trials, 9) for t in bed.attempt(lot)}
    assert outcomes == {("truncate", Outcome.FALSE_ALARM), ("comment", Outcome.MISSED)}
