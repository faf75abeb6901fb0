"""Foreign data: wrappers, servers, user mappings and foreign tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from driftcheck.databases.mutations import alter, alter_cascading
from driftcheck.databases.postgresql.catalog import column_ddl, columns, tables
from driftcheck.databases.postgresql.catalog.ddl_parts import differing, name_of
from driftcheck.databases.postgresql.catalog.foreign_options import (
    change_foreign_options,
    foreign_options,
    foreign_options_sql,
)
from driftcheck.databases.postgresql.catalog.kind import PostgreSQLKind
from driftcheck.databases.postgresql.catalog.privileges import change_grants, role
from driftcheck.databases.postgresql.catalog.query_parts import (
    USERS_SCHEMA,
    comment_on,
    not_in_extension,
)
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import HIDDEN, Address, SchemaObject, Value


class ForeignDataWrapper(PostgreSQLKind):
    """https://www.postgresql.org/docs/current/catalog-pg-foreign-data-wrapper.html."""

    name = "foreign data wrapper"
    plural = "foreign data wrappers"
    keyword = "FOREIGN DATA WRAPPER"
    stored = frozenset(("options", "comment"))
    function_names = frozenset(("handler", "validator"))
    recognizable = True
    owner = "w.fdwowner"
    acl = "w.fdwacl"
    acl_type = "F"
    columns = f"""'' as schema, w.fdwname as name,
        nullif(w.fdwhandler, 0)::regproc::text as handler,
        nullif(w.fdwvalidator, 0)::regproc::text as validator,
        {foreign_options_sql("w.fdwoptions")} as options, d.description as comment"""
    source = f"""from pg_foreign_data_wrapper w {comment_on("pg_foreign_data_wrapper", "w.oid")}
        where {not_in_extension("pg_foreign_data_wrapper", "w.oid")} order by w.oid"""
    alterations = (
        alter("options", "ALTER {object} OPTIONS (ADD driftcheck_mutation 'x')"),
        alter("no handler", "ALTER {object} NO HANDLER"),
        alter(
            "another handler",
            "CREATE SCHEMA {new}",
            "CREATE FUNCTION {new}.handler() RETURNS fdw_handler LANGUAGE internal "
            "AS 'heap_tableam_handler'",
            "ALTER {object} HANDLER {new}.handler",
        ),
        alter("no validator", "ALTER {object} NO VALIDATOR"),
        alter("another validator", "ALTER {object} VALIDATOR postgresql_fdw_validator"),
    )

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare wrapper."""
        options = foreign_options(obj)
        return [f"CREATE {self.designation(obj)} {_functions(obj)}{options}"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the wrapper's functions and options."""
        words = [_functions(wanted), *change_foreign_options(current, wanted)]
        return [f"ALTER {self.designation(wanted)} {' '.join(words)}"]


def _functions(wrapper: SchemaObject) -> str:
    handler, validator = (wrapper.attributes[name] for name in ("handler", "validator"))
    return (
        f"{f'HANDLER {handler}' if handler else 'NO HANDLER'} "
        f"{f'VALIDATOR {validator}' if validator else 'NO VALIDATOR'}"
    )


class Server(PostgreSQLKind):
    """A foreign server. https://www.postgresql.org/docs/current/catalog-pg-foreign-server.html."""

    name = "server"
    plural = "servers"
    keyword = "SERVER"
    stored = frozenset(("wrapper", "type", "version", "options", "comment"))
    recognizable = True
    owner = "s.srvowner"
    acl = "s.srvacl"
    acl_type = "S"
    columns = f"""'' as schema, s.srvname as name, w.fdwname as wrapper, s.srvtype as type,
        s.srvversion as version, {foreign_options_sql("s.srvoptions")} as options,
        d.description as comment"""
    source = f"""from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw
        {comment_on("pg_foreign_server", "s.oid")}
        where {not_in_extension("pg_foreign_server", "s.oid")} order by s.oid"""
    grant_target = "ALL ON FOREIGN SERVER {name}"
    alterations = (
        alter("version", "ALTER SERVER {name} VERSION 'driftcheck mutation'"),
        alter("options", "ALTER SERVER {name} OPTIONS (ADD driftcheck_mutation 'x')"),
        alter_cascading(
            "another type",
            "DROP SERVER {name} CASCADE",
            "CREATE SERVER {name} TYPE 'driftcheck mutation' FOREIGN DATA WRAPPER {wrapper_}",
        ),
        alter_cascading(
            "another wrapper",
            "DROP SERVER {name} CASCADE",
            "CREATE FOREIGN DATA WRAPPER {new}",
            "CREATE SERVER {name} FOREIGN DATA WRAPPER {new}",
        ),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``wrapper_``, the quoted name of the wrapper."""
        wrapper = quote_identifier(str(obj.attributes["wrapper"]))
        return {**super().fields(obj), "wrapper_": wrapper}

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the bare server."""
        facts = obj.attributes
        words = [f"CREATE SERVER {name_of(obj)}"]
        if facts["type"] is not None:
            words.append(f"TYPE {quote_literal(str(facts['type']))}")
        if facts["version"] is not None:
            words.append(f"VERSION {quote_literal(str(facts['version']))}")
        words.append(f"FOREIGN DATA WRAPPER {quote_identifier(str(facts['wrapper']))}")
        return [" ".join(words) + foreign_options(obj)]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change version and options."""
        changed = differing(current, wanted)
        if changed & {"type", "wrapper"}:
            return None
        version = wanted.attributes["version"]
        text = "NULL" if version is None else quote_literal(str(version))
        words = [f"VERSION {text}"] if "version" in changed else []
        words += change_foreign_options(current, wanted)
        return [f"ALTER SERVER {name_of(wanted)} {' '.join(words)}"]

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges on the server to the wanted ones."""
        grants = wanted.attributes["grants"]
        return change_grants(current, grants, f"FOREIGN SERVER {name_of(wanted)}")


OPTIONS_ARE_HIDDEN = """not coalesce(
      current_setting('is_superuser')::boolean
        or case m.umuser when 0 then pg_has_role(s.srvowner, 'USAGE')
          else m.usename = current_user
            and (pg_has_role(s.srvowner, 'USAGE') or has_server_privilege(s.oid, 'USAGE')) end,
      false)"""
"""SQL: whether the options of the user mapping ``m`` for the server ``s`` are hidden.

The view does not tell hidden options from none. This is the condition under which it hides them.
Source: PostgreSQL, src/backend/catalog/system_views.sql, pg_user_mappings.
"""


class UserMapping(PostgreSQLKind):
    """A user mapping. https://www.postgresql.org/docs/current/view-pg-user-mappings.html.

    Its options are not compared if the user may not read them.
    """

    name = "user mapping"
    plural = "user mappings"
    keyword = "USER MAPPING"
    is_lost_in_copies = True
    stored = frozenset(("options",))
    columns = f"""'' as schema, m.srvname as within,
        case m.umuser when 0 then 'PUBLIC' else m.usename end as name,
        {foreign_options_sql("m.umoptions")} as options, {OPTIONS_ARE_HIDDEN} as hidden"""
    source = f"""from pg_user_mappings m join pg_foreign_server s on s.oid = m.srvid
        where {not_in_extension("pg_foreign_server", "m.srvid")} order by m.umid"""
    drop_sql = "DROP {object}"
    rename_sql = ""
    spare_name = "pg_monitor"
    alterations = (alter("options", "ALTER {object} OPTIONS (ADD driftcheck_mutation 'x')"),)

    def normalize(self, attributes: dict[str, Any]) -> None:
        """Mark options that are hidden."""
        if attributes.pop("hidden"):
            attributes["options"] = HIDDEN

    def build(self, obj: SchemaObject, _parts: Sequence[SchemaObject] = ()) -> list[str]:
        """Statements that create the mapping."""
        return [f"CREATE {self.designation(obj)}{foreign_options(obj)}"]

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str]:
        """Statements that change the mapping's options."""
        return [
            f"ALTER {self.designation(wanted)} {options}"
            for options in change_foreign_options(current, wanted)
        ]

    def designation(self, obj: SchemaObject) -> str:
        """The mapping as CREATE, DROP and ALTER name it."""
        server, user = obj.address.path
        return f"USER MAPPING FOR {role(user)} SERVER {quote_identifier(server)}"


class ForeignTable(PostgreSQLKind):
    """A foreign table. https://www.postgresql.org/docs/current/catalog-pg-foreign-table.html."""

    name = "foreign table"
    plural = "foreign tables"
    absorbs = frozenset(("column",))
    keyword = "FOREIGN TABLE"
    printed = frozenset(("bound",))
    owner = "c.relowner"
    owner_change_is_isolated = False  # the sequences of its columns follow
    acl = "c.relacl"
    acl_type = "r"
    columns = f"""n.nspname as schema, c.relname as name,
        case when c.relispartition then 'table' end as part_of, pn.nspname as part_of_schema,
        p.relname as part_of_name, s.srvname as server,
        {foreign_options_sql("f.ftoptions")} as options,
        case when c.relispartition then null else h.parents end as inherits,
        pg_get_expr(c.relpartbound, c.oid) as bound, coalesce(h.detaching, false) as detaching,
        d.description as comment"""
    source = f"""from pg_foreign_table f join pg_class c on c.oid = f.ftrelid
        join pg_namespace n on n.oid = c.relnamespace
        join pg_foreign_server s on s.oid = f.ftserver
        left join (
          select inhrelid, min(inhparent) as parent, bool_or(inhdetachpending) as detaching,
            array_agg(inhparent::regclass::text order by inhseqno) as parents
          from pg_inherits group by inhrelid) h on h.inhrelid = c.oid
        left join pg_class p on p.oid = h.parent left join pg_namespace pn
          on pn.oid = p.relnamespace
        {comment_on("pg_class", "c.oid")}
        where {USERS_SCHEMA} and {not_in_extension("pg_class", "c.oid")} order by c.oid"""
    add_sql = ("CREATE FOREIGN TABLE {new_path} (mutation integer) SERVER {server_}",)
    grant_target = "ALL ON TABLE {path}"
    alterations = (
        alter("options", "ALTER FOREIGN TABLE {path} OPTIONS (ADD driftcheck_mutation 'x')"),
        alter("inherit", "CREATE TABLE {new_path} ()", "ALTER TABLE {path} INHERIT {new_path}"),
        alter_cascading("detach partition", "ALTER TABLE {table} DETACH PARTITION {path}"),
        alter_cascading(
            "another bound",
            "ALTER TABLE {table} DETACH PARTITION {path}",
            "ALTER TABLE {table} ATTACH PARTITION {path} DEFAULT",
            no_op_when=("bound", "DEFAULT"),
        ),
        alter_cascading(
            "another server",
            "DROP FOREIGN TABLE {path} CASCADE",
            "CREATE FOREIGN DATA WRAPPER {new}",
            "CREATE SERVER {new} FOREIGN DATA WRAPPER {new}",
            "CREATE FOREIGN TABLE {path} () SERVER {new}",
        ),
    )
    equivalent = (
        alter(
            "create a temporary table with its name", "CREATE TEMPORARY TABLE {name} (other text)"
        ),
    )

    def fields(self, obj: SchemaObject) -> Mapping[str, Any]:
        """Add ``server_``, the quoted name of the server."""
        server = quote_identifier(str(obj.attributes["server"]))
        return {**super().fields(obj), "server_": server}

    def build(self, obj: SchemaObject, parts: Sequence[SchemaObject]) -> list[str]:
        """Statements that create the foreign table with its columns."""
        facts = obj.attributes
        own = [part for part in parts if not self.creates_part(obj, part)]
        clauses = ", ".join(map(column_ddl.clause, own))
        parents = ", ".join(cast("tuple[str, ...]", facts["inherits"] or ()))
        create_sql = f"CREATE FOREIGN TABLE {obj.address.sql} ({clauses})"
        if parents:
            create_sql += f" INHERITS ({parents})"
        create_sql += f" SERVER {quote_identifier(str(facts['server']))}{foreign_options(obj)}"
        return [
            create_sql,
            *(
                statement
                for part in parts
                for statement in columns.statements_after_create(
                    part, inherited=self.creates_part(obj, part)
                )
            ),
        ]

    def creates_part(self, parent: SchemaObject, part: SchemaObject) -> bool:
        """Inherited parts are created by the server, except in partitions."""
        return bool(parent.attributes["inherits"]) and part.inherited_from is not None

    def detach(self, current: SchemaObject, wanted: SchemaObject | None) -> list[str]:
        """Statements that detach the table from parents that the wanted table does not have."""
        return tables.detach(current, wanted)

    def attach(self, current: SchemaObject | None, wanted: SchemaObject) -> list[str]:
        """Statements that attach the table to its wanted parents."""
        return tables.attach(current, wanted)

    def with_parents(self, obj: SchemaObject, names: Mapping[Address, Address]) -> SchemaObject:
        """The table when its parents have other names."""
        return tables.with_parents(super().with_parents(obj, names), names)

    def change(self, current: SchemaObject, wanted: SchemaObject) -> list[str] | None:
        """Statements that change the options; ``None`` for another server."""
        if "server" in differing(current, wanted):
            return None
        options = change_foreign_options(current, wanted)
        return [f"ALTER FOREIGN TABLE {wanted.address.sql} {option}" for option in options]

    def grant(self, current: Value, wanted: SchemaObject) -> list[str]:
        """Statements that change the privileges on the table to the wanted ones."""
        return change_grants(current, wanted.attributes["grants"], f"TABLE {wanted.address.sql}")
