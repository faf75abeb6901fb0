"""The mutations that all kinds of PostgreSQL share, such as drop, rename, add and grant."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar
from zlib import crc32

from driftcheck.databases.kind import CannotBeWritten, Kind
from driftcheck.databases.mutations import NAME_PREFIX, Alteration, Expectation, Mutation
from driftcheck.databases.postgresql.catalog.privileges import Grant
from driftcheck.databases.reading import Scope
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Address, SchemaObject, Snapshot

_ROLE = "pg_monitor"  # exists on every server
_EXTENSION = "plpgsql"  # installed in nearly every database
_COMMENT = "driftcheck mutation"


class KindWithMutations(Kind):
    """A kind with mutations.

    The mutations are SQL templates that do not depend on the state of the object. If a mutation has
    no effect on an object, or the server refuses it, its outcome is *not applicable*. ``fields``
    fills the fields of the templates.
    """

    alterations: ClassVar[tuple[Alteration, ...]] = ()
    """The alterations. For each attribute, one of them changes that attribute alone."""
    equivalent: ClassVar[tuple[Alteration, ...]] = ()
    """Operations that do not change the schema. No finding is expected."""
    drop_sql: ClassVar[str] = "DROP {object} CASCADE"
    rename_sql: ClassVar[str] = "ALTER {object} RENAME TO {new}"
    move_sql: ClassVar[str] = "ALTER {object} SET SCHEMA {new}"
    add_sql: ClassVar[tuple[str, ...] | None] = None
    """SQL that creates a similar object named {new}; by default, as ``create`` does. Empty if there
    cannot be a second object."""
    spare_name: ClassVar[str] = ""
    """The name for a similar or renamed object; by default, ``_free_name`` generates one."""
    recreatable: ClassVar[bool] = True
    """Whether an object without parts can be dropped and created again without any loss."""
    comment_sql: ClassVar[str] = "COMMENT ON {object} IS {comment_text}"
    owner_sql: ClassVar[str] = "ALTER {object} OWNER TO {role}"
    owner_change_is_isolated: ClassVar[bool] = True
    """Whether a change of the owner leaves the owners of other objects unchanged."""
    depends_name: ClassVar[str] = "{object}"
    """The object as DEPENDS ON EXTENSION names it."""
    grant_target: ClassVar[str] = "ALL ON {object}"
    """The privileges and the object in a GRANT; empty if the kind has no privileges."""
    owner: ClassVar[str] = ""
    """SQL: the OID of the owner; empty if the kind has no owner."""
    acl: ClassVar[str] = ""
    """SQL: the privileges as ``aclitem[]``; empty if the kind has no privileges."""
    default_grants: ClassVar[tuple[Grant, ...]] = ()
    """The privileges that PUBLIC has on a new object."""

    @abstractmethod
    def designation(self, obj: SchemaObject) -> str:
        """The object as DROP, ALTER and COMMENT ON name it: ``TABLE public.students``."""

    def mutations(self, obj: SchemaObject, schema: Snapshot, scope: Scope) -> Iterator[Mutation]:
        """All mutations of an object."""
        yield from self._lifecycle_mutations(obj)
        yield from self._metadata_mutations(obj, scope)
        for alteration in (*self.alterations, *self.object_alterations(obj, schema)):
            if not alteration.has_no_effect_on(obj.attributes):
                yield self._mutation(obj, alteration)
        yield from self._equivalent_mutations(obj, schema, scope)

    def object_alterations(self, obj: SchemaObject, schema: Snapshot) -> Iterable[Alteration]:
        """Further alterations, which depend on the object."""
        del obj, schema
        return ()

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """The values of the fields in SQL templates, in addition to the object's attributes.

        - ``object``: the object as DROP names it
        - ``path``: the name with the schema; ``path_text``: the same as a string literal, for a
          cast to ``regclass``
        - ``name``: the name without the schema
        - ``table``: the parent object
        - ``new``: an unused name; ``new_path``: the same with the schema
        - ``comment_text``: a comment as a string literal
        - ``role``: a role that exists on every server
        """
        address, free = obj.address, self._free_name(obj)
        parent = obj.part_of or Address("", address.schema, address.path[:-1] or address.path)
        return {
            **obj.attributes,
            "object": self.designation(obj),
            "path": address.sql,
            "name": quote_identifier(address.name),
            "table": parent.sql,
            "new": quote_identifier(free),
            "new_path": Address("", address.schema, (free,)).sql,
            "path_text": quote_literal(address.sql),
            "comment_text": quote_literal(_COMMENT),
            "role": _ROLE,
        }

    def _under_free_name(self, obj: SchemaObject) -> SchemaObject:
        """The object with an unused name."""
        path = (*obj.address.path[:-1], self._free_name(obj))
        return replace(obj, address=obj.address._replace(path=path))

    def _free_name(self, obj: SchemaObject) -> str:
        """An unused name. It differs per object, so that mutations can run in one batch."""
        return self.spare_name or f"{NAME_PREFIX}_{crc32(str(obj.address).encode()):08x}"

    def _mutation(
        self,
        obj: SchemaObject,
        alteration: Alteration,
        expectation: Expectation = Expectation.CHANGED,
    ) -> Mutation:
        fields = self.fields(obj)
        statements = [template.format_map(fields) for template in alteration.statements]
        comment = obj.attributes.get("comment")
        if comment is not None and alteration.recreates:
            statements.append(
                self.comment_sql.format_map({**fields, "comment_text": quote_literal(str(comment))})
            )
        return Mutation(
            obj.address,
            alteration.description,
            tuple(statements),
            expectation,
            isolated=alteration.isolated,
        )

    def _lifecycle_mutations(self, obj: SchemaObject) -> Iterator[Mutation]:
        fields, similar = self.fields(obj), self._under_free_name(obj)
        dropped = self.drop_sql.format_map(fields)
        dropped_by = (dropped,) if dropped else tuple(self.drop(obj))
        yield Mutation(obj.address, "drop", dropped_by, Expectation.MISSING, isolated=False)
        if self.rename_sql:
            renamed = self.rename_sql.format_map(fields)
            yield Mutation(
                obj.address,
                "rename",
                (renamed,),
                Expectation.RENAMED,
                similar.address,
                isolated=False,
            )
            back = self.rename_sql.format_map({**self.fields(similar), "new": fields["name"]})
            yield Mutation(
                obj.address, "rename and rename back", (renamed, back), Expectation.NOTHING
            )
        if self.move_sql and obj.address.schema and obj.part_of is None:
            target = obj.address._replace(schema=self._free_name(obj))
            statements = (
                "CREATE SCHEMA {new}".format_map(fields),
                self.move_sql.format_map(fields),
            )
            yield Mutation(
                obj.address,
                "move",
                statements,
                Expectation.RENAMED,
                renamed_to=target,
                isolated=False,
            )
        if added := self._add_statements(obj, similar):
            yield Mutation(
                similar.address, "add a similar object", added, Expectation.EXTRA, isolated=False
            )

    def _add_statements(self, obj: SchemaObject, similar: SchemaObject) -> tuple[str, ...]:
        if self.add_sql is not None:
            return tuple(template.format_map(self.fields(obj)) for template in self.add_sql)
        try:
            return tuple(self.create(similar))
        except CannotBeWritten:
            return ()

    def _metadata_mutations(self, obj: SchemaObject, scope: Scope) -> Iterator[Mutation]:
        """Mutations of the comment, dependencies on extensions, the owner and the privileges."""
        fields = self.fields(obj)
        if "comment" in obj.attributes:
            for description, text in (
                ("comment", fields["comment_text"]),
                ("drop the comment", "NULL"),
            ):
                statement = self.comment_sql.format_map({**fields, "comment_text": text})
                yield Mutation(obj.address, description, (statement,))
        if "extensions" in obj.attributes:
            depends = f"ALTER {self.depends_name} DEPENDS ON EXTENSION {_EXTENSION}"
            yield Mutation(obj.address, "depend on an extension", (depends.format_map(fields),))
        if scope.owners and self.owner and self.owner_sql:
            owned = self.owner_sql.format_map(fields)
            yield Mutation(
                obj.address, "change the owner", (owned,), isolated=self.owner_change_is_isolated
            )
        if scope.grants and self.acl and self.grant_target:
            on = self.grant_target.format_map(fields)
            yield Mutation(obj.address, "grant", (f"GRANT {on} TO {_ROLE}",))
            granted = f"GRANT {on} TO {_ROLE} WITH GRANT OPTION"
            yield Mutation(obj.address, "grant with grant option", (granted,))
            if "PUBLIC" in str(obj.attributes["grants"]):
                yield Mutation(obj.address, "revoke", (f"REVOKE {on} FROM PUBLIC",))

    def _equivalent_mutations(
        self, obj: SchemaObject, schema: Snapshot, scope: Scope
    ) -> Iterator[Mutation]:
        """Operations that do not change the schema.

        Recreating an object would drop its parts. If privileges are read, the recreated object
        would also differ, because default privileges apply to it.
        """
        for alteration in self.equivalent:
            if not alteration.has_no_effect_on(obj.attributes):
                yield self._mutation(obj, alteration, Expectation.NOTHING)
        if not self.recreatable or self.holds_data or scope.grants or obj.address in schema.parts:
            return
        try:
            statements = (*self.drop(obj), *self.create(obj), *self.attach(None, obj))
        except CannotBeWritten:
            return
        yield Mutation(obj.address, "drop and create again", statements, Expectation.NOTHING)
