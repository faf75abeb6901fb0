"""A migration can look whether an object of any kind exists, or its statements need no look."""

from dataclasses import replace

from driftcheck.databases.postgresql.conditional_ddl import existence

WITHOUT_LOOK = {
    "cast",  # DROP has IF EXISTS, and a cast has no name
    "user mapping",  # CREATE and DROP have IF EXISTS
    "privileges",  # GRANT and REVOKE have no effect the second time
}


def test_every_kind_is_looked_for(everything):
    kinds = {address.kind for address in everything.base.objects}
    objects = [obj for obj in everything.base.objects.values() if existence(obj)]
    assert kinds - {obj.address.kind for obj in objects} == WITHOUT_LOOK & kinds
    for obj in objects:
        path = (*obj.address.path[:-1], "~~~" if obj.address.kind == "operator" else "absent")
        absent = replace(obj, address=obj.address._replace(path=path))
        condition = f"select {existence(obj)}, {existence(absent)}"
        assert everything.rows(condition) == [(True, False)], condition
