"""Finds the objects that only migrations create, for what models cannot declare.

An enum that is the type of a function's argument, a domain of a table that the project hides from
autogenerate and a sequence that a trigger reads are not missing in the models. Nor is the sequence
of a default that the models do not declare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftcheck.databases.catalog import Catalog
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.judge import is_left_to_migrations
from driftcheck.schema import Snapshot
from driftcheck.sources.statement_log import has_word


def without_undeclared_uses(
    changes: Iterable[Change], declared: Snapshot, existing: Snapshot, catalog: Catalog
) -> Iterator[Change]:
    """Leave out objects besides tables that the models lack, and that others than theirs name.

    Autogenerate does not see these objects. A name in the text of a function counts as a use. So
    does a name in a default that the models leave to the migrations.

    Args:
        changes: The changes between the models and a schema.
        declared: The part of the schema that was compared with the models.
        existing: The whole schema.
        catalog: The catalog of the database.
    """
    names = [kind.name for kind in catalog.kinds]
    kinds = frozenset(names[: names.index("table")])
    others = (obj for address, obj in existing.objects.items() if address not in declared.objects)
    found = list(changes)
    texts = [str(value) for other in others for value in other.attributes.values()]
    texts += [str(d.actual) for c in found if is_left_to_migrations(c) for d in c.differences]
    for change in found:
        is_extra = change.type is ChangeType.EXTRA and change.schema_object.part_of is None
        is_used = is_extra and change.address.kind in kinds and _is_named(change, texts)
        if not is_used:
            yield change


def _is_named(change: Change, texts: Iterable[str]) -> bool:
    return any(has_word(text, change.address.name) for text in texts)
