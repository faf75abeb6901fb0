"""Statements of the models that a database refuses, and those that are refused because of them."""

import pytest

from driftcheck.pipeline.faults.refused_models import refused_models
from driftcheck.sources.reading import Refused

PLACES = Refused("CREATE TABLE places (at geometry)", 'type "geometry" does not exist')


def told(*refused):
    return [(f.message.partition(": ")[2], f.details) for f in refused_models(refused)]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE INDEX ix ON places (at)", 'relation "places" does not exist'),
        ("CREATE INDEX ix ON public.places (at)", 'relation "public.places" does not exist'),
        ("CREATE INDEX ix ON places (at)", "no such table: main.places"),
        ("CREATE INDEX ix ON places (at)", "no such table: places"),
        ("CREATE INDEX ix ON places (at)", "Table 'school.places' doesn't exist"),
    ],
)
def test_what_needs_a_refused_table_is_counted(statement, message):
    assert told(PLACES, Refused(statement, message)) == [
        (
            'type "geometry" does not exist, and therefore 1 other statement that needs the table',
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
    assert message.endswith(", and therefore 2 other statements that need the table")


def test_a_statement_with_a_reason_of_its_own_is_told():
    roads = Refused("CREATE TABLE roads (way geometry)", 'type "geometry" does not exist')
    assert told(PLACES, roads) == [
        ('type "geometry" does not exist', PLACES.statement),
        ('type "geometry" does not exist', roads.statement),
    ]


def test_a_word_that_is_also_the_name_of_a_table_is_no_consequence():
    types = Refused('CREATE TABLE "type" (way geometry)', 'type "geometry" does not exist')
    roads = Refused("CREATE TABLE roads (mail citext)", 'type "citext" does not exist')
    assert len(told(types, roads)) == 2
