"""Creates the models in a shadow database, with what the history has that they use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.plan import build
from driftcheck.databases.postgresql.shadow.extensions import why_unsafe
from driftcheck.databases.registry import catalog_for
from driftcheck.pipeline.histories import replayed_heads
from driftcheck.pipeline.session import Session
from driftcheck.project.environment import Configured
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Snapshot
from driftcheck.sources.history import FRESH, History, read_shadow_set, version_tables
from driftcheck.sources.models import create_models, extensions_declared
from driftcheck.sources.reading import Refused, read_restricted, run_statements
from driftcheck.sources.untrusted import extensions_of, run_untrusted


def models_in_shadow(
    session: Session, database_key: DatabaseKey, configured: Sequence[Configured], history: History
) -> tuple[Snapshot, list[Refused]]:
    """Create the models of one database, and read them back.

    What the history has and the models use is made first. It may come from the cache, so the
    shadow is a restricted one. It is so after a replay as well, since both must tell the same.
    On a server that others use, nothing is run there that the cache says.

    Returns:
        The models as a schema, and what the database refused of them.
    """
    maker, target = session.maker(database_key), session.target(database_key)
    head = history.head.get(database_key)
    restricted = maker.runs_untrusted_files
    shadow = maker.make("models", restricted=restricted)
    if restricted:
        within = head.default_schema if head is not None else "public"
        declared = [(name, within) for name in extensions_declared(configured)]
        shadow.install([*(extensions_of(head) if head is not None else ()), *declared])
        run = partial(run_untrusted, shadow)
    else:
        run = partial(run_statements, shadow.url)
    catalog = catalog_for(target.get_backend_name())
    trusted = restricted or history.how == FRESH
    refused = create_models(
        configured,
        run,
        before=_before(head, catalog) if trusted else _names_before(head),
        helping=partial(_helping, session, database_key, history, trusted=trusted),
    )
    if restricted:
        refused = [_explained(one) for one in refused]
    return read_restricted(shadow, session.scope), refused


def _before(head: Snapshot | None, catalog: Catalog) -> tuple[str, ...]:
    return _of_kinds(head, catalog, {"schema", "extension"})


def _names_before(head: Snapshot | None) -> list[str]:
    """Schemas and extensions by their names alone: nothing else that the cache says is run."""
    schemas, extensions = [], []
    for address in head.objects if head is not None else ():
        name = quote_identifier(address.name)
        if address.kind == "schema":
            schemas.append(f"CREATE SCHEMA IF NOT EXISTS {name}")
        elif address.kind == "extension" and not why_unsafe(address.name):
            extensions.append(f"CREATE EXTENSION IF NOT EXISTS {name}")
    return [*schemas, *extensions]


def _helping(
    session: Session, database_key: DatabaseKey, history: History, *, trusted: bool
) -> tuple[str, ...]:
    """What comes before tables in the head; from a replay where the cache is not to be trusted."""
    catalog = catalog_for(database_key.dialect)
    names = [kind.name for kind in catalog.kinds]
    kinds = set(names[: names.index("table")])
    head = history.head.get(database_key)
    if kinds and head is not None and not trusted:
        tables = version_tables(session.environment)
        head = read_shadow_set(replayed_heads(session), tables, session.scope).get(database_key)
    return _of_kinds(head, catalog, kinds)


def _of_kinds(snapshot: Snapshot | None, catalog: Catalog, kinds: set[str]) -> tuple[str, ...]:
    if snapshot is None:
        return ()
    return build(snapshot.only(lambda thing: thing.address.kind in kinds), catalog).statements


def _explained(refused: Refused) -> Refused:
    """What is refused for want of rights only says so: another user's database may run it."""
    if not lacks_rights(refused.message):
        return refused
    return replace(
        refused,
        message=f"{refused.message} (the models are created by a role without special rights)",
    )
