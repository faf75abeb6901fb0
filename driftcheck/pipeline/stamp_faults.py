"""Makes the findings about the revisions that a live database is stamped with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from driftcheck.judging.findings import Finding, Remedy
from driftcheck.pipeline.faults import fault
from driftcheck.quoting import quote_literal
from driftcheck.schema import Address
from driftcheck.sources.revision_search import FoundRevision

Ancestors = Callable[[str], frozenset[str]]
"""Returns the ancestors of a revision, including the revisions that it depends on."""

Search = Callable[[str], FoundRevision | None]
"""Searches the commits of the project's repository for the file of a revision."""

MOST_REFS = 3


def missing_stamp() -> Finding:
    """Make the finding of a database with tables that is not stamped."""
    return fault(
        "stamp-missing",
        remedies=(
            Remedy(
                "stamp",
                "If you know the revision of the database's schema, record it.",
                "shell",
                "alembic stamp REVISION    # flask db stamp REVISION",
            ),
        ),
    )


def unknown_stamp(revision: str, search: Search) -> Finding:
    """Make the finding of a stamp that no migration file defines.

    Args:
        revision: The revision in the version table.
        search: Searches the repository for its file.
    """
    found = search(revision)
    finding = fault("stamp-unknown", revision=revision)
    if found is None:
        return replace(finding, remedies=(_find_by_hand(revision),))
    return replace(finding, why=_where_it_is(found), remedies=(_take_file(found),))


def _find_by_hand(revision: str) -> Remedy:
    return Remedy(
        "find the migration",
        "No commit of this clone has the migration file. Fetch the branches of the team, and "
        "search them.",
        "shell",
        f"git fetch --all && git log --all --oneline -S {revision}",
    )


def _where_it_is(found: FoundRevision) -> str:
    if found.deleted_in:
        return f"Commit {found.deleted_in} deleted {found.file}; commit {found.commit} has it."
    if found.is_in_head:
        return f"Commit {found.commit} has it in {found.file}, which was changed or removed since."
    if not found.refs:
        return f"{found.file} is in commit {found.commit}, which no branch contains any more."
    refs = ", ".join(found.refs[:MOST_REFS])
    more = len(found.refs) - MOST_REFS
    others = f" and {more} more" if more > 0 else ""
    return (
        f"{found.file} is on {refs}{others} (commit {found.commit}), which the branch that is "
        "checked out does not contain."
    )


def _take_file(found: FoundRevision) -> Remedy:
    return Remedy(
        "get the migration file",
        "Merge the commit, or take the file from it. To leave the revision, downgrade this "
        "database while the file is there, then remove the file again.",
        "shell",
        f"git checkout {found.commit} -- ':(top){found.file}'",
    )


def overlapping_stamps(
    stamped: Sequence[str], table: Address | None, ancestors: Ancestors
) -> Iterator[Finding]:
    """Make the finding of a version table that has a revision and its ancestor, or one twice.

    Alembic refuses every upgrade of such a database.

    Args:
        stamped: The revisions in the version table.
        table: The version table; ``None`` if it is not known which one has the rows.
        ancestors: Returns the ancestors of a revision.
    """
    distinct = list(dict.fromkeys(stamped))
    included = {one: tip for tip in distinct for one in distinct if one in ancestors(tip) - {tip}}
    heads = [revision for revision in distinct if revision not in included]
    if len(stamped) == len(heads):
        return
    name = table.sql if table else "alembic_version"
    remedy = Remedy(
        "correct the version table",
        "Keep only the latest revisions.",
        "sql",
        "\n".join(
            (
                f"DELETE FROM {name};",
                *(f"INSERT INTO {name} (version_num) VALUES ({quote_literal(r)});" for r in heads),
            )
        ),
    )
    yield fault(
        "stamp-overlapping",
        revisions=", ".join(stamped),
        what=_overlap(stamped, included),
        remedies=(remedy,),
    )


def _overlap(stamped: Sequence[str], included: dict[str, str]) -> str:
    if included:
        ancestor, tip = next(iter(included.items()))
        return f"{ancestor} is an ancestor of {tip}"
    twice = next(revision for revision in stamped if stamped.count(revision) > 1)
    return f"{twice} is recorded {stamped.count(twice)} times"


def several_stamps(stamped: Sequence[str]) -> Finding:
    """Make the note about a database that is stamped with several branches."""
    return fault("stamp-several", count=len(stamped), revisions=", ".join(stamped))
