"""What is tried of every kind of PostgreSQL alike: drop, rename, add a like one, comment, grant."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar
from zlib import crc32

from driftcheck.databases.catalog import CannotBeWritten, Kind, Scope
from driftcheck.databases.mutations import MADE, Alteration, Telling, Trial
from driftcheck.databases.postgresql.catalog.privileges import Grant
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Address, SchemaObject, Snapshot

_ROLE = "pg_monitor"  # every server has it
_EXTENSION = "plpgsql"  # and nearly every database this
_SAID = "driftcheck trial"


class TriedKind(Kind):
    """A kind whose objects can be changed on trial.

    What can be altered is said as SQL that a person would type, whatever the object is like: where
    it is so already nothing changes, and where the server refuses nothing is tried. The fields in
    the SQL are those of ``fields``.
    """

    alterations: ClassVar[tuple[Alteration, ...]] = ()
    """What can be altered, one by one, of each attribute that counts."""
    quiet: ClassVar[tuple[Alteration, ...]] = ()
    """What can be done to it and must not be told."""
    dropping: ClassVar[str] = "DROP {it} CASCADE"
    renaming: ClassVar[str] = "ALTER {it} RENAME TO {new}"
    moving: ClassVar[str] = "ALTER {it} SET SCHEMA {new}"
    adding: ClassVar[tuple[str, ...] | None] = None
    """SQL that makes a like one called {new}; by default as ``create`` writes it. Empty where there
    cannot be another."""
    spare: ClassVar[str] = ""
    """What a like one, or a renamed one, is called, if not as ``_free_name`` makes it up."""
    again: ClassVar[bool] = True
    """Whether one without parts can be dropped and made again, and nothing is lost."""
    saying: ClassVar[str] = "COMMENT ON {it} IS {said}"
    owning: ClassVar[str] = "ALTER {it} OWNER TO {role}"
    owned_alone: ClassVar[bool] = True
    """Whether nothing goes to another owner with it."""
    depending: ClassVar[str] = "{it}"
    """What DEPENDS ON EXTENSION calls it."""
    granting: ClassVar[str] = "ALL ON {it}"
    """What can be granted, and on what; empty where nothing can."""
    owner: ClassVar[str] = ""
    """SQL: the owner's OID, where it has one."""
    acl: ClassVar[str] = ""
    """SQL: the privileges as ``aclitem[]``, where it has any."""
    implicit: ClassVar[tuple[Grant, ...]] = ()
    """The privileges that a new one gives to everybody."""

    @abstractmethod
    def designation(self, thing: SchemaObject) -> str:
        """The object as DROP, ALTER and COMMENT ON name it: ``TABLE public.students``."""

    def trials(self, thing: SchemaObject, schema: Snapshot, scope: Scope) -> Iterator[Trial]:
        """Every single change that can be tried of an object, and what must not be told of it."""
        yield from self._comings_and_goings(thing)
        yield from self._said(thing, scope)
        for alteration in (*self.alterations, *self.altered(thing, schema)):
            if not alteration.is_needless(thing.attributes):
                yield self._trial(thing, alteration)
        yield from self._quiet(thing, schema, scope)

    def altered(self, thing: SchemaObject, schema: Snapshot) -> Iterable[Alteration]:
        """What can be altered of this one object, besides what can be of all."""
        del thing, schema
        return ()

    def fields(self, thing: SchemaObject) -> Mapping[str, Any]:
        """What the fields in the SQL of an alteration stand for, besides its attributes.

        ``it`` is the object as DROP names it, ``path`` its name with its schema, ``name`` its bare
        name, ``table`` what it belongs to, ``new`` a name that is free, ``spot`` that with the
        schema, and ``text`` the path as a text, for a cast to ``regclass``.
        """
        address, free = thing.address, self._free_name(thing)
        whole = thing.part_of or Address("", address.schema, address.path[:-1] or address.path)
        return {
            **thing.attributes,
            "it": self.designation(thing),
            "path": address.sql,
            "name": quote_identifier(address.name),
            "table": whole.sql,
            "new": quote_identifier(free),
            "spot": Address("", address.schema, (free,)).sql,
            "text": quote_literal(address.sql),
            "said": quote_literal(_SAID),
            "role": _ROLE,
        }

    def _moved(self, thing: SchemaObject) -> SchemaObject:
        """The object under the name that is free."""
        path = (*thing.address.path[:-1], self._free_name(thing))
        return replace(thing, address=thing.address._replace(path=path))

    def _free_name(self, thing: SchemaObject) -> str:
        """A name of its own for each object, so that many can be tried at once."""
        return self.spare or f"{MADE}_{crc32(str(thing.address).encode()):08x}"

    def _trial(
        self, thing: SchemaObject, alteration: Alteration, telling: Telling = Telling.CHANGED
    ) -> Trial:
        fields = self.fields(thing)
        statements = [text.format_map(fields) for text in alteration.statements]
        said = thing.attributes.get("comment")
        if said is not None and alteration.makes_anew:
            statements.append(self.saying.format_map({**fields, "said": quote_literal(str(said))}))
        return Trial(
            thing.address, alteration.doing, tuple(statements), telling, alone=alteration.alone
        )

    def _comings_and_goings(self, thing: SchemaObject) -> Iterator[Trial]:
        fields, moved = self.fields(thing), self._moved(thing)
        dropped = self.dropping.format_map(fields)
        dropped_by = (dropped,) if dropped else tuple(self.drop(thing))
        yield Trial(thing.address, "drop", dropped_by, Telling.MISSING, alone=False)
        if self.renaming:
            renamed = self.renaming.format_map(fields)
            yield Trial(
                thing.address, "rename", (renamed,), Telling.RENAMED, moved.address, alone=False
            )
            back = self.renaming.format_map({**self.fields(moved), "new": fields["name"]})
            yield Trial(thing.address, "rename it and back", (renamed, back), Telling.NOTHING)
        if self.moving and thing.address.schema and thing.part_of is None:
            there = thing.address._replace(schema=self._free_name(thing))
            statements = ("CREATE SCHEMA {new}".format_map(fields), self.moving.format_map(fields))
            yield Trial(
                thing.address, "move", statements, Telling.RENAMED, renamed_to=there, alone=False
            )
        if added := self._added(thing, moved):
            yield Trial(moved.address, "add a like one", added, Telling.EXTRA, alone=False)

    def _added(self, thing: SchemaObject, moved: SchemaObject) -> tuple[str, ...]:
        if self.adding is not None:
            return tuple(text.format_map(self.fields(thing)) for text in self.adding)
        try:
            return tuple(self.create(moved))
        except CannotBeWritten:
            return ()

    def _said(self, thing: SchemaObject, scope: Scope) -> Iterator[Trial]:
        """Comment, what it stands by, owner and privileges, as far as they count."""
        fields = self.fields(thing)
        if "comment" in thing.attributes:
            for doing, said in (("comment", fields["said"]), ("drop the comment", "NULL")):
                statement = self.saying.format_map({**fields, "said": said})
                yield Trial(thing.address, doing, (statement,))
        if "extensions" in thing.attributes:
            depends = f"ALTER {self.depending} DEPENDS ON EXTENSION {_EXTENSION}"
            yield Trial(thing.address, "depend on an extension", (depends.format_map(fields),))
        if scope.owners and self.owner and self.owning:
            owned = self.owning.format_map(fields)
            yield Trial(thing.address, "change the owner", (owned,), alone=self.owned_alone)
        if scope.grants and self.acl and self.granting:
            on = self.granting.format_map(fields)
            yield Trial(thing.address, "grant", (f"GRANT {on} TO {_ROLE}",))
            granted = f"GRANT {on} TO {_ROLE} WITH GRANT OPTION"
            yield Trial(thing.address, "grant with grant option", (granted,))
            if "PUBLIC" in str(thing.attributes["grants"]):
                yield Trial(thing.address, "revoke", (f"REVOKE {on} FROM PUBLIC",))

    def _quiet(self, thing: SchemaObject, schema: Snapshot, scope: Scope) -> Iterator[Trial]:
        """What must not be told.

        What has parts would lose them if it were made again; and where privileges count, it would
        get what default privileges give to something new.
        """
        for alteration in self.quiet:
            if not alteration.is_needless(thing.attributes):
                yield self._trial(thing, alteration, Telling.NOTHING)
        if not self.again or self.holds_data or scope.grants or thing.address in schema.parts:
            return
        try:
            again = (*self.drop(thing), *self.create(thing), *self.join(None, thing))
        except CannotBeWritten:
            return
        yield Trial(thing.address, "make the same again", again, Telling.NOTHING)
