"""Subscriptions of logical replication.

The connection string is never read, because it contains a password. The catalog with the
subscriptions belongs to the whole server, and other users than superusers may read its other
columns only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mutations import alter, per_clause
from driftcheck.databases.postgresql.catalog.ddl_parts import comment, differing, name_of
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.options import options_of
from driftcheck.databases.postgresql.catalog.query_parts import comment_on
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import SchemaObject

OF_THIS_DATABASE = "x.subdbid = (select oid from pg_database where datname = current_database())"
"""SQL: whether the subscription ``x`` belongs to the current database."""

SUBSCRIPTIONS = f"""select s.* from pg_subscription x cross join (
      select 'any' as suborigin, true as subpasswordrequired, false as subfailover
    ) later cross join lateral (
      select x.oid, x.subname, x.subowner, subenabled, subbinary, substream::text,
        subtwophasestate <> 'd' as subtwophase, subdisableonerr, subslotname, subsynccommit,
        subpublications, suborigin, subpasswordrequired, subfailover
      from pg_subscription where oid = x.oid) s
    where {OF_THIS_DATABASE}"""
"""SQL: the subscriptions of the current database without their connection strings.

A column that an older server lacks has its default value from ``later``: a name that the innermost
query does not know is looked up in the outer one.
"""

_DEFAULTS = {
    "binary": "false",
    "disable_on_error": "false",
    "synchronous_commit": "off",
    "origin": "any",
    "password_required": "true",
    "streaming": "off",
}
"""The options that ALTER SUBSCRIPTION can set in a transaction, with their default values.
https://www.postgresql.org/docs/current/sql-altersubscription.html"""

_OFFLINE = "CONNECTION '' PUBLICATION more"


class Subscription(PostgreSQLKind):
    """A subscription. https://www.postgresql.org/docs/current/catalog-pg-subscription.html.

    ``options`` contains ``streaming``, whose default depends on the server's version, and the other
    options that do not have their default value. ``run_as_owner`` is not read: servers before 16
    always do so, and a later server does after a restore of their dump, but not by default. The
    position in the publisher's log, and the state of the tables, are data.
    """

    name = "subscription"
    plural = "subscriptions"
    keyword = "SUBSCRIPTION"
    left_out_of_copies = True
    stored = frozenset(("publications", "slot", "options", "comment"))
    recognizable = True
    recreatable = False
    owner = "s.subowner"
    columns = """'' as schema, s.subname as name, s.subenabled as enabled,
        array(select p from unnest(s.subpublications) p order by 1) as publications,
        s.subslotname as slot,
        array_remove(array[
          case when s.subbinary then 'binary=true' end,
          case when s.subdisableonerr then 'disable_on_error=true' end,
          case when s.subfailover then 'failover=true' end,
          case when s.suborigin <> 'any' then 'origin=' || s.suborigin end,
          case when not s.subpasswordrequired then 'password_required=false' end,
          'streaming=' || case s.substream when 'p' then 'parallel' when 't' then 'on'
            when 'true' then 'on' else 'off' end,
          case when s.subsynccommit <> 'off' then 'synchronous_commit=' || s.subsynccommit end,
          case when s.subtwophase then 'two_phase=true' end], null) as options,
        d.description as comment"""
    rows = OF_THIS_DATABASE
    source = f"""from ({SUBSCRIPTIONS}) s {comment_on("pg_subscription", "s.oid")}
        order by s.oid"""
    add_sql = (f"CREATE SUBSCRIPTION {{new}} {_OFFLINE} WITH (connect = false, slot_name = NONE)",)
    alterations = (
        *per_clause(
            "ALTER SUBSCRIPTION {name} SET",
            (
                "(binary = true)",
                "(binary = false)",
                "(disable_on_error = true)",
                "(origin = none)",
                "(password_required = false)",
                "(streaming = on)",
                "(synchronous_commit = local)",
                "(slot_name = NONE)",
                "(slot_name = driftcheck_mutation)",
                "PUBLICATION driftcheck_mutation WITH (refresh = false)",
            ),
        ),
        *per_clause(
            "ALTER SUBSCRIPTION {name}",
            (
                "ENABLE",
                "DISABLE",
                "ADD PUBLICATION driftcheck_mutation WITH (refresh = false)",
            ),
        ),
        alter(
            "two-phase commit",
            "ALTER SUBSCRIPTION {name} SET (slot_name = NONE)",
            "DROP SUBSCRIPTION {name}",
            f"CREATE SUBSCRIPTION {{name}} {_OFFLINE} "
            "WITH (connect = false, slot_name = NONE, two_phase = true)",
        ),
    )

    @property
    def catalog(self) -> str:
        """The catalog with the subscriptions, which the query reads in a subquery."""
        return "pg_subscription"

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """No statements: the connection is not known.

        Raises:
            CannotBeWritten: Always.
        """
        raise CannotBeWritten(
            f"Create {obj.address} with CREATE SUBSCRIPTION {name_of(obj)} CONNECTION '...' "
            f"PUBLICATION {_publications(obj)} WITH ({_options(obj)}); driftcheck does not read "
            "connection strings, because they contain passwords."
        )

    def copy_without_connection(self, obj: SchemaObject, *, enable: bool) -> list[str]:
        """Statements that create the subscription in a copy of its database.

        Args:
            obj: The subscription.
            enable: Whether it is enabled if the subscription is. The server then tries to connect.
        """
        name = name_of(obj)
        publications, options = _publications(obj), _options(obj)
        created = f"CREATE SUBSCRIPTION {name} CONNECTION ''"
        statements = [f"{created} PUBLICATION {publications} WITH ({options})"]
        if enable and obj.attributes["enabled"]:
            statements.append(f"ALTER SUBSCRIPTION {name} ENABLE")
        if obj.attributes["comment"] is not None:
            statements.append(comment(self.designation(obj), obj.attributes["comment"]))
        return statements

    def drop(self, obj: SchemaObject) -> list[str]:
        """Statements that drop the subscription.

        Raises:
            CannotBeWritten: The subscription has a replication slot on the publisher.
        """
        slot = obj.attributes["slot"]
        if slot is None:
            return super().drop(obj)
        raise CannotBeWritten(
            f"Run DROP SUBSCRIPTION {name_of(obj)} outside of a transaction: it connects to the "
            f"publisher, and drops the replication slot {quote_identifier(str(slot))} there."
        )

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the subscription, which is disabled for a change of its slot.

        Raises:
            CannotBeWritten: An option cannot be set in a transaction, or not on every server.
        """
        changed = differing(current, wanted)
        altered, want = f"ALTER SUBSCRIPTION {name_of(wanted)}", wanted.attributes
        statements = []
        has_new_slot = "slot" in changed
        if current.attributes["enabled"] and (has_new_slot or not want["enabled"]):
            statements.append(f"{altered} DISABLE")
        settings = _changed_options(current, wanted)
        if has_new_slot:
            settings.append(_slot(wanted))
        if settings:
            statements.append(f"{altered} SET ({', '.join(settings)})")
        if "publications" in changed:
            names = _publications(wanted)
            statements.append(f"{altered} SET PUBLICATION {names} WITH (refresh = false)")
        if want["enabled"] and (has_new_slot or not current.attributes["enabled"]):
            statements.append(f"{altered} ENABLE")
        return statements


def _publications(subscription: SchemaObject) -> str:
    names = cast("tuple[str, ...]", subscription.attributes["publications"])
    return ", ".join(map(quote_identifier, names))


def _slot(subscription: SchemaObject) -> str:
    slot = subscription.attributes["slot"]
    return f"slot_name = {'NONE' if slot is None else quote_literal(str(slot))}"


def _options(subscription: SchemaObject) -> str:
    """The options of CREATE SUBSCRIPTION, for a subscription that does not connect yet."""
    options = options_of(subscription.attributes["options"])
    settings = (
        f"{quote_identifier(name)} = {quote_literal(value)}" for name, value in options.items()
    )
    return ", ".join(("connect = false", _slot(subscription), *settings))


def _changed_options(current: SchemaObject, wanted: SchemaObject) -> list[str]:
    have, want = (options_of(side.attributes["options"]) for side in (current, wanted))
    settings = []
    for name in sorted({*have, *want}):
        if have.get(name) == want.get(name):
            continue
        if name not in _DEFAULTS:
            raise CannotBeWritten(
                f"Set the option {name} of {wanted.address} to {want.get(name, 'false')} with "
                "ALTER SUBSCRIPTION, while the subscription is disabled and outside of a "
                "transaction. A server that refuses this needs a new subscription."
            )
        settings.append(f"{name} = {quote_literal(want.get(name, _DEFAULTS[name]))}")
    return settings
