"""The base class of a kind of schema object."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, TypeAlias

from driftcheck.databases.mutations import Mutation
from driftcheck.databases.reading import Cursor, Scope
from driftcheck.schema import HIDDEN, Address, SchemaObject, Snapshot, Value

PRIVILEGES = ("owner", "grants", "column_grants", "identity_grants")
"""The attributes for the owner and the privileges of an object."""

SnapshotPair: TypeAlias = tuple[Snapshot, Snapshot]
"""The wanted and the actual snapshot."""


class CannotBeWritten(Exception):  # noqa: N818  (not an error of a run: plans catch it)
    """Raised if a change cannot be written as DDL. The message is a manual step for the user."""


class Kind(ABC):
    """One kind of schema object: how it is read, created, altered, renamed and dropped.

    Statements are returned without a closing semicolon. Methods that return statements raise
    ``CannotBeWritten`` if the change cannot be written as DDL.
    """

    name: ClassVar[str]
    """Singular and lower case, as in PostgreSQL's manual: ``column``, ``foreign key``."""
    plural: ClassVar[str]
    holds_data: ClassVar[bool] = False
    """Whether dropping an object of this kind loses rows or values."""
    absorbs: ClassVar[frozenset[str]] = frozenset()
    """The kinds of parts that ``create`` writes in the statement of their parent object."""
    checked_by: ClassVar[str | None] = None
    """A server setting: whether CREATE checks that the referenced objects exist. A plan that also
    creates objects of other kinds turns the setting off."""
    is_type: ClassVar[bool] = False
    """Whether objects of this kind are in the type of a column: types and collations."""
    can_move: ClassVar[bool] = False
    """Whether ``alter`` can make the object a part of another parent object."""
    models_can_declare: ClassVar[bool] = False
    """Whether SQLAlchemy models can declare objects of this kind. If not, their absence from the
    models is no finding."""
    is_named_in_definitions: ClassVar[bool] = True
    """Whether definitions of other objects may contain the name of an object of this kind."""
    undeclarable: ClassVar[frozenset[str]] = frozenset()
    """Attributes that models cannot declare. For the models, the values of the migrations count."""
    derived: ClassVar[frozenset[str]] = frozenset()
    """Attributes that follow from the objects that an object of this kind depends on. If nothing
    else differs, nobody has changed the object."""
    printed: ClassVar[frozenset[str]] = frozenset()
    """Attributes that contain expressions as the server prints them. The server may print two
    expressions differently that mean the same."""
    queries_depend_on_part: ClassVar[bool] = False
    """Whether a query of a table can depend on a part of this kind: a column, or a primary key,
    after which GROUP BY need not name the other columns."""
    is_defined_by_functions: ClassVar[bool] = False
    """Whether ``create`` creates only a name, which ``attach`` defines by functions that use it."""
    left_out_of_copies: ClassVar[bool] = False
    """Whether restricted shadow databases have no objects of this kind: a role without privileges
    cannot create them, and no other object depends on them."""
    is_stored_code: ClassVar[bool] = False
    """Whether restricted shadow databases have no objects of this kind, because their code would
    run there with driftcheck's own rights: see ``Database.without_code``."""
    is_replaced_over_text: ClassVar[bool] = False
    """Whether columns of a type of this kind become text while it is created again, because not
    everybody who owns it can rename all that has its name."""
    is_lost_in_copies: ClassVar[bool] = False
    """Whether the objects of this kind are dropped when a role without privileges gets a copy of a
    shadow database. In one that is built from a snapshot, this role can create them."""
    stored: ClassVar[Collection[str]] = ()
    """Attributes that statements contain as quoted names and literals only, and that the database
    stores and does not run; empty if the name of an object is not quoted in every statement."""
    function_names: ClassVar[Collection[str]] = ()
    """Attributes that are the name of a function, or ``None``."""
    words: ClassVar[Mapping[str, Collection[str]]] = {}
    """Attributes with all of their possible values, if these are constants of the queries of this
    kind. No user of the database can have chosen such a text."""
    is_needed_by_none: ClassVar[bool] = False
    """Whether no other object depends on objects of this kind: a foreign key."""
    affects_all_others: ClassVar[bool] = False
    """Whether an object of this kind can affect statements about any other object."""
    is_evaluated: ClassVar[bool] = False
    """Whether the server evaluates the expressions of a new object for the rows that exist."""
    attaches_heirs: ClassVar[bool] = False
    """Whether what is inherited from an object of this kind is attached to it by a statement: see
    ``attach_heir``. While it is attached, it cannot be dropped by itself."""
    is_named_in_table: ClassVar[bool] = False
    """Whether objects of this kind are named within their table, so that one of another table may
    have the same name."""
    is_used_implicitly: ClassVar[bool] = False
    """Whether an expression can use objects of this kind without naming them: a cast."""

    @abstractmethod
    def read(self, cursor: Cursor, scope: Scope) -> Iterable[SchemaObject]:
        """Read every object of this kind in the database with one query.

        Args:
            cursor: Where the query is run.
            scope: Whether to read owners and privileges. The caller selects schemas, with
                ``in_scope``.
        """

    @abstractmethod
    def create(self, obj: SchemaObject, parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the object, with the parts that this kind absorbs."""

    def create_without_rights(self, obj: SchemaObject, tables: Sequence[SchemaObject]) -> list[str]:
        """Statements that a role without rights can run if it cannot create the object.

        Because of what they create, the server refuses the same statements about tables as because
        of the object itself. By default, nothing is created.

        Args:
            obj: The object.
            tables: The tables of the schema.
        """
        del obj, tables
        return []

    @abstractmethod
    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the object."""

    def drop_alone(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the object, and not those that are inherited from it."""
        return self.drop(obj)

    def drop_with_keys(self, obj: SchemaObject) -> list[str]:
        """Statements that drop an index with the keys of partitions that are attached to it."""
        return self.drop(obj)

    def alter(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the current object to the wanted one, which has the same address.

        By default, the object is dropped and created again.
        """
        return [*self.drop(current), *self.create(wanted)]

    def is_recreated(self, current: SchemaObject, wanted: SchemaObject) -> bool:
        """Whether ``alter`` drops and recreates the object, and therefore drops its parts."""
        del current, wanted
        return False

    def unusable_values(self, current: SchemaObject, wanted: SchemaObject) -> tuple[str, ...]:
        """The values of a type that ``alter`` adds, if its transaction cannot use them."""
        del current, wanted
        return ()

    def printed_in(self, obj: SchemaObject) -> frozenset[str]:
        """The attributes of an object that contain expressions as the server prints them."""
        del obj
        return self.printed

    def blocked_by(self, current: SchemaObject, wanted: SchemaObject) -> frozenset[str]:
        """The kinds of dependent objects that ``alter`` cannot leave in place for this change."""
        del current, wanted
        return frozenset()

    def check_part_change(
        self, obj: SchemaObject, current: SchemaObject, wanted: SchemaObject
    ) -> None:
        """Raise ``CannotBeWritten`` if an object forbids the change of a part.

        Args:
            obj: The object, or an object that is a part of the same parent object.
            current: The current part.
            wanted: The wanted part.
        """
        del obj, current, wanted

    def check_drop_of_needed(self, obj: SchemaObject, needed: SchemaObject) -> None:
        """Raise ``CannotBeWritten`` if something that an object needs cannot be dropped meanwhile.

        Args:
            obj: The object, which remains.
            needed: What is dropped, perhaps to be created again.
        """
        del obj, needed

    def release(self, obj: SchemaObject) -> tuple[list[str], SchemaObject] | None:
        """Statements that end the dependencies of an object, and the object afterwards.

        Returns:
            ``None`` if the object has to be dropped for that.
        """
        del obj
        return None

    def with_parents(self, obj: SchemaObject, names: Mapping[Address, Address]) -> SchemaObject:
        """The object when its parents have other names.

        Args:
            obj: The object.
            names: The names that objects have then.
        """
        return replace(obj, part_of=names.get(obj.part_of, obj.part_of) if obj.part_of else None)

    def with_renamed_parts(self, obj: SchemaObject, names: Mapping[str, str]) -> SchemaObject:
        """The object after its parts were renamed, whose names its attributes contain.

        Args:
            obj: The object.
            names: The new name of each part, by its former name.
        """
        del names
        return obj

    def fixes_parts(self, obj: SchemaObject) -> bool:
        """Whether the type of an object determines its parts and their order: a typed table."""
        del obj
        return False

    def followed(self, obj: SchemaObject, former: Address) -> SchemaObject | None:
        """The object after something it needs was renamed, if ``alter`` can replace it then.

        Args:
            obj: The object before.
            former: What was renamed.

        Returns:
            ``None`` if the object has to be dropped and created again to need what gets the name.
        """
        del obj, former
        return None

    def rename_away(self, obj: SchemaObject) -> tuple[list[str], SchemaObject]:
        """Statements that rename a type while columns change to a new type of its name.

        Returns:
            The statements, and the type under its other name.
        """
        raise NotImplementedError

    def as_text(self, obj: SchemaObject) -> SchemaObject:
        """A column whose type is created again, in the meantime."""
        raise NotImplementedError

    def of_replaced_type(self, obj: SchemaObject) -> SchemaObject:
        """A column whose type was renamed away."""
        raise NotImplementedError

    def restrict(self, obj: SchemaObject, defaults: Sequence[SchemaObject]) -> list[str]:
        """Statements that set the privileges of a new object in spite of default privileges.

        Args:
            obj: The new object.
            defaults: The default privileges of the database before and after the changes.
        """
        del obj, defaults
        return []

    def is_created_last(self, _obj: SchemaObject) -> bool:
        """Whether an object is created when the others are complete, because these would change it.

        An index on a partitioned table that is not valid gets the index of every partition that is
        attached later.
        """
        return False

    def completed(self, current: SchemaObject, wanted: SchemaObject) -> SchemaObject:
        """The current object when all is attached to it that is inherited from the wanted one.

        An index on a partitioned table becomes valid when each partition has an index that is
        attached to it.
        """
        del wanted
        return current

    def attach_heir(self, obj: SchemaObject, heir: SchemaObject) -> list[str]:
        """Statements that attach an object to the one that it is inherited from.

        Args:
            obj: The object that it is inherited from.
            heir: The object to attach, which exists.
        """
        del obj, heir
        return []

    def is_fully_reflected(self, obj: SchemaObject) -> bool:
        """Whether SQLAlchemy's reflection has all of an object that models can declare."""
        del obj
        return True

    def is_found_by_columns(self, obj: SchemaObject) -> bool:
        """Whether a new foreign key finds the object by its columns: a key."""
        del obj
        return False

    def create_on_rows(self, obj: SchemaObject) -> tuple[list[str], str]:
        """Statements that create a part of an object that has rows.

        Returns:
            The statements, and what has to be done by a person; empty if nothing.
        """
        return self.create(obj), ""

    def alter_on_rows(
        self, current: SchemaObject, wanted: SchemaObject, *, has_nulls: bool
    ) -> tuple[list[str], str]:
        """Statements that change a part of an object that has rows.

        Args:
            current: The current part.
            wanted: The wanted part.
            has_nulls: Whether a row has no value in the part.

        Returns:
            The statements, and what has to be done by a person; empty if nothing.
        """
        del has_nulls
        return self.alter(current, wanted), ""

    def requires_values(self, current: SchemaObject | None, wanted: SchemaObject) -> bool:
        """Whether the columns of an object must be NOT NULL when it is created or altered.

        Args:
            current: The current object; ``None`` if it is created.
            wanted: The wanted object.
        """
        del current, wanted
        return False

    def is_checked_on_rows(self, obj: SchemaObject) -> bool:
        """Whether creating an object of a table fails if rows of the table violate it."""
        del obj
        return False

    def has_late_body(self, obj: SchemaObject) -> bool:
        """Whether ``attach`` sets the body of a routine that ``create`` creates without it."""
        del obj
        return False

    def describe(self, obj: SchemaObject) -> str:
        """Describe an object in one line. By default, list its attributes that have a value."""
        return listed(obj.attributes)

    def creates_part(self, parent: SchemaObject, part: SchemaObject) -> bool:
        """Whether the server creates this part when it creates the parent object."""
        del parent, part
        return False

    def note(
        self, wanted: SchemaObject | None, actual: SchemaObject | None, snapshots: SnapshotPair
    ) -> str:
        """Decide whether a change is reported as a note only.

        Args:
            wanted: The wanted object; ``None`` if the object is extra.
            actual: The actual object; ``None`` if the object is missing.
            snapshots: The wanted and the actual snapshot.

        Returns:
            The word that identifies the note's rule in ``judging/rules.py``; an empty string if the
            change is not a note.
        """
        del wanted, actual, snapshots
        return ""

    def detach(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that detach a table from parents that the wanted table does not have.

        They run before all other statements, because inherited columns and constraints can only
        be changed after the table is detached.
        """
        del current, wanted
        return []

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements that attach a table to its wanted parents.

        They run after all other statements, because attaching requires matching columns and
        constraints.
        """
        del current, wanted
        return []

    @abstractmethod
    def rename(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename the current object to the name of the wanted one."""

    def rename_parts(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that rename what an object contains and other definitions may name.

        Example: the value of an enum, which a check constraint may compare with. Other differences
        between the two objects do not matter.
        """
        del current, wanted
        return []

    def mutations(self, obj: SchemaObject, schema: Snapshot, scope: Scope) -> Iterable[Mutation]:
        """The mutations of an object that the selftest can apply.

        Args:
            obj: The object.
            schema: The schema that contains the object.
            scope: Whether owners and privileges are read.
        """
        del obj, schema, scope
        return ()


_EMPTY = (None, False, "", ())


def listed(attributes: Mapping[str, Value]) -> str:
    """The attributes that have a value, as ``name value``, in one line."""
    present = ((name, value) for name, value in attributes.items() if value not in _EMPTY)
    return ", ".join(
        name if value is True else f"{name.replace('_', ' ')} {_text(value)}"
        for name, value in present
    )


def _text(value: Value) -> str:
    if value == HIDDEN:
        return "hidden"
    return ", ".join(map(_text, value)) if isinstance(value, tuple) else str(value)
