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
    found = list(changes)
    extra = [each for each in found if _is_extra(each) and each.address.kind in kinds]
    texts = [*_texts(found, declared, existing)] if extra else []
    used = {each.address for each in extra if _is_named(each, texts)}
    yield from (each for each in found if each.address not in used)


def _is_extra(change: Change) -> bool:
    return change.type is ChangeType.EXTRA and change.schema_object.part_of is None


def _texts(changes: Iterable[Change], declared: Snapshot, existing: Snapshot) -> Iterator[str]:
    """Yield the texts of objects that the models lack, and of defaults that these lack."""
    for address, obj in existing.objects.items():
        if address not in declared.objects:
            yield from map(str, obj.attributes.values())
    for change in changes:
        if is_left_to_migrations(change):
            yield from (str(difference.actual) for difference in change.differences)


def _is_named(change: Change, texts: Iterable[str]) -> bool:
    return any(has_word(text, change.address.name) for text in texts)
