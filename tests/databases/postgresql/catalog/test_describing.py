"""An object is described as DDL writes it, with unusual attributes added."""

import pytest

from driftcheck.schema import Address

DESCRIPTIONS = {
    Address("column", "school", ("students", "born")): "date DEFAULT CURRENT_DATE",
    Address("column", "school", ("houses", "at")): "school.address",
    Address("column", "school", ("students", "essay")): (
        "text COMPRESSION pglz, storage EXTERNAL, statistics 500"
    ),
    Address("column", "school", ("lessons", "id")): (
        "integer GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 1 MINVALUE 1"
        " MAXVALUE 2147483647 CACHE 1 NO CYCLE) NOT NULL"
    ),
    Address("table", "school", ("houses",)): "table",
    Address("table", "school", ("scratch",)): "UNLOGGED, replica identity FULL",
    Address("table", "school", ("events",)): "PARTITION BY RANGE (at)",
    Address("table", "school", ("events_other",)): "PARTITION OF school.events DEFAULT",
    Address("table", "school", ("pupils",)): "inherits school.people",
    Address("primary key", "school", ("students", "students_pkey")): (
        "PRIMARY KEY (id), comment the key"
    ),
    Address("index", "school", ("summary_mood",)): "UNIQUE btree (mood)",
    Address("enum", "school", ("mood",)): "'sad', 'it''s ok', 'happy', comment of a student",
    Address("domain", "school", ("grade",)): (
        "numeric(3,1) DEFAULT 1.0 NOT NULL"
        " CHECK ((VALUE <= (6)::numeric)) CHECK ((VALUE >= (1)::numeric))"
    ),
    Address("composite type", "school", ("address",)): (
        'street text COLLATE "C", number integer, mood school.mood, comment where'
    ),
    Address("sequence", "school", ("down",)): (
        "AS bigint INCREMENT BY -1 MINVALUE -9223372036854775808 MAXVALUE -1 START WITH -1"
        " CACHE 1 NO CYCLE"
    ),
    Address("trigger", "school", ("events", "parted")): (
        "BEFORE INSERT ON school.events FOR EACH ROW EXECUTE FUNCTION school.touch()"
    ),
    Address("schema", "", ('Ünïcode 🐘 "quoted" .dot',)): "schema",
}


@pytest.mark.parametrize(("address", "words"), DESCRIPTIONS.items(), ids=map(str, DESCRIPTIONS))
def test_describing(newest, catalog, address, words):
    assert catalog.describe(newest.base.objects[address]) == words


def test_everything_can_be_described(everything, catalog):
    described = [catalog.describe(obj) for obj in everything.base.objects.values()]
    assert all(described)
