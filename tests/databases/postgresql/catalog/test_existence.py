"""A migration can look whether an object of any kind exists, or its statements need no look."""

from dataclasses import replace

from driftcheck.databases.postgresql.conditional_ddl import existence

WITHOUT_LOOK = {
    "privileges",  # GRANT and REVOKE have no effect the second time
}
NO_NAMES = {"operator": "~~~", "cast": "absent AS absent"}


def test_every_kind_is_looked_for(everything):
    kinds = {address.kind for address in everything.base.objects}
    objects = [obj for obj in everything.base.objects.values() if existence(obj)]
    assert kinds - {obj.address.kind for obj in objects} == WITHOUT_LOOK & kinds
    for obj in objects:
        name = NO_NAMES.get(obj.address.kind, "absent")
        absent = replace(obj, address=obj.address._replace(path=(*obj.address.path[:-1], name)))
        condition = f"select {existence(obj)}, {existence(absent)}"
        assert everything.rows(condition) == [(True, False)], condition
