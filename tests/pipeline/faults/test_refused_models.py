"""Statements of the models that a database refuses, and those that are refused because of them."""

import pytest

from driftcheck.pipeline.faults.refused_models import refused_models
from driftcheck.sources.reading import Refused

PLACES = Refused("CREATE TABLE places (at geometry)", 'type "geometry" does not exist')


def told(*refused):
    return [(finding.message, finding.details) for finding in refused_models(refused)]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE INDEX ix ON places (at)", 'relation "places" does not exist'),
        ("CREATE INDEX ix ON public.places (at)", 'relation "public.places" does not exist'),
        ("CREATE INDEX ix ON places (at)", "no such table: main.places"),
        ("CREATE INDEX ix ON places (at)", "no such table: places"),
        ("CREATE INDEX ix ON places (at)", "Table 'school.places' doesn't exist"),
        ("CREATE TABLE roads (way geometry)", 'type "geometry" does not exist'),
    ],
)
def test_statements_that_are_refused_for_one_reason_are_one_finding(statement, message):
    assert told(PLACES, Refused(statement, message)) == [
        (
            'the database refuses 2 statements of the models: type "geometry" does not exist',
            PLACES.statement,
        )
    ]


def test_a_table_that_refers_to_a_refused_one_has_consequences_too():
    visits = Refused(
        'CREATE TABLE school."visits" (place integer REFERENCES places (id))',
        'relation "places" does not exist',
    )
    index = Refused("CREATE INDEX ix ON visits (day)", 'relation "visits" does not exist')
    ((message, _),) = told(PLACES, visits, index)
    assert message.startswith("the database refuses 3 statements of the models: ")


def test_a_word_that_is_also_the_name_of_a_table_is_no_consequence():
    types = Refused('CREATE TABLE "type" (way geometry)', 'type "geometry" does not exist')
    roads = Refused("CREATE TABLE roads (mail citext)", 'type "citext" does not exist')
    assert [details for _, details in told(types, roads)] == [types.statement, roads.statement]
