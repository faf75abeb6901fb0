"""Every mutation of the schema of everything.sql is detected, without a false alarm.

This tests the reading attribute by attribute: for each attribute there is a mutation that changes
only that attribute, and that is missed if the attribute is not read. Older servers run a sample.
"""

from collections import defaultdict

import pytest

from driftcheck.actions.selftest.runner import MutationRunner
from driftcheck.actions.selftest.sampling import batches, sample_mutations
from driftcheck.databases.postgresql.catalog.columns import Column
from driftcheck.databases.reading import Scope
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.mutation_results import Outcome

EVERYTHING = Scope(grants=True, owners=True)
FAILURES = {Outcome.MISSED, Outcome.FALSE_ALARM}
UNTESTED = {
    # The definition contains it, too.
    ("function", "parameters"),
    ("function", "returns"),
    ("procedure", "parameters"),
    ("procedure", "returns"),
    ("aggregate", "parameters"),
    ("trigger", "constraint"),
    # Needs a directory on the server.
    ("table", "tablespace"),
    ("index", "tablespace"),
    ("materialized view", "tablespace"),
    ("primary key", "tablespace"),
    ("unique constraint", "tablespace"),
    ("exclusion constraint", "tablespace"),
    # Needs another superuser.
    ("foreign data wrapper", "owner"),
    ("event trigger", "owner"),
    # Has a value for a short time only, or everything.sql has no such object.
    ("table", "detaching"),
    ("foreign table", "detaching"),
    ("table", "of_type"),
    ("index", "replica_identity"),
    ("exclusion constraint", "replica_identity"),
    ("index", "only"),
    ("exclusion constraint", "options"),
    ("domain", "type"),
    ("domain", "collation"),
    ("text search dictionary", "template"),
    # Cannot change without another attribute.
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


class RecordingRunner(MutationRunner):
    """A runner that records, by kind, which attributes are reported as changed together."""

    def __init__(self, *arguments):
        self.changed_together = defaultdict(set)
        super().__init__(*arguments)

    def _compare(self):
        reported = super()._compare()
        for change in reported.changes:
            if change.type is ChangeType.CHANGED:
                attributes = {d.attribute.partition("[")[0] for d in change.differences}
                # A recreated object loses its privileges, which is reported as well.
                attributes = attributes - {"grants"} or attributes
                self.changed_together[change.address.kind].add(frozenset(attributes))
        return reported


def run_mutations(session, catalog, scope, size=None):
    session.connection.rollback()
    read = lambda connection: catalog.read(connection, scope)  # noqa: E731
    runner = RecordingRunner(session.connection, catalog, read)
    mutations = sample_mutations([*catalog.mutations(runner.schema, scope)], size, seed=1)
    results = [result for batch in batches(mutations, 1000) for result in runner.run(batch)]
    return runner, results


def failures(results):
    return [
        f"{r.outcome}: {r.address}: {r.description}: {r.reported}"
        for r in results
        if r.outcome in FAILURES
    ]


def test_every_mutation_is_detected_without_a_false_alarm(everything_on, catalog):
    """One test, because running the mutations takes most of the time."""
    runner, results = run_mutations(everything_on("pg18"), catalog, EVERYTHING)
    # A change that depends on a name shows if only that name is changed.
    for kind in ("enum", "operator family"):
        renames = [
            mutation
            for mutation in catalog.mutations(runner.schema, EVERYTHING)
            if mutation.description == "rename" and mutation.address.kind == kind
        ]
        results += runner.run(renames)

    assert failures(results) == []
    assert sum(result.outcome is Outcome.DETECTED for result in results) > 2000
    assert sum(result.outcome is Outcome.QUIET for result in results) > 400
    assert attributes_read(runner) - attributes_tested(runner) - UNTESTED == set()
    assert syntax_errors(results) == set()


def attributes_read(runner):
    return {
        (obj.address.kind, name)
        for obj in runner.schema.objects.values()
        for name in obj.attributes
    }


def attributes_tested(runner):
    """The attributes that a mutation changed alone."""
    return {
        (kind, name)
        for kind, groups in runner.changed_together.items()
        for attributes in groups
        if len(attributes) == 1
        for name in attributes
    }


def syntax_errors(results):
    """The types of mutations that the server always refuses because of a syntax error."""
    applied = {
        (r.address.kind, r.description) for r in results if r.outcome is not Outcome.NOT_APPLICABLE
    }
    return {
        (r.address.kind, r.description, r.reason)
        for r in results
        if (r.address.kind, r.description) not in applied and "syntax" in r.reason
    }


@pytest.mark.parametrize("server", ["pg15", "pg16"])
def test_older_servers_too(server, everything_on, catalog):
    _, results = run_mutations(everything_on(server), catalog, Scope(), size=40)
    assert failures(results) == []


def test_a_mutation_of_an_attribute_that_is_not_read_is_missed(everything_on, catalog, monkeypatch):
    session = everything_on("pg18")
    session.connection.rollback()
    normalize = Column.normalize

    def without_compression(self, attributes):
        del attributes["compression"]
        normalize(self, attributes)

    monkeypatch.setattr(Column, "normalize", without_compression)
    read = lambda connection: catalog.read(connection, Scope())  # noqa: E731
    runner = MutationRunner(session.connection, catalog, read)
    mutations = [
        mutation
        for mutation in catalog.mutations(runner.schema, Scope())
        if mutation.description == "set compression pglz" and mutation.address.path[0] == "log"
    ]
    by_outcome = defaultdict(list)
    for batch in batches(mutations, 1000):
        for result in runner.run(batch):
            by_outcome[result.outcome].append(result)
    assert set(by_outcome) == {Outcome.MISSED, Outcome.NOT_APPLICABLE}
    assert all("pg_attribute" in result.reason for result in by_outcome[Outcome.MISSED])


def test_a_change_reported_for_an_unchanged_object_is_a_false_alarm(
    everything_on, catalog, monkeypatch
):
    session = everything_on("pg18")
    session.connection.rollback()
    read = lambda connection: catalog.read(connection, Scope())  # noqa: E731
    runner = MutationRunner(session.connection, catalog, read)
    mutations = [
        mutation
        for mutation in catalog.mutations(runner.schema, Scope())
        if mutation.description in ("truncate", "comment")
        and mutation.address.sql in ("school.log", "school.scratch")
    ]
    without_houses = runner.schema.only(lambda obj: obj.address.name != "houses")
    monkeypatch.setattr(catalog, "read", lambda *_: without_houses)
    outcomes = {
        (result.description, result.outcome)
        for batch in batches(mutations, 9)
        for result in runner.run(batch)
    }
    assert outcomes == {("truncate", Outcome.FALSE_ALARM), ("comment", Outcome.MISSED)}
