"""Findings that are no change of an object: faults of the history, of the stamp, of the models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from driftcheck.judging.findings import Finding, Origin, Remedy
from driftcheck.judging.rules import FAULTS, REMARKS
from driftcheck.schema import Address, Remark, SchemaObject
from driftcheck.sources.files import relative
from driftcheck.sources.reading import Refused
from driftcheck.sources.replay import Fault, Made


def fault(
    identity: str,
    *,
    details: str = "",
    origin: Origin | None = None,
    remedies: tuple[Remedy, ...] = (),
    about: SchemaObject | None = None,
    **words: object,
) -> Finding:
    """A finding of one of the rules for faults, its message filled in with the words."""
    rule = FAULTS[identity]
    return Finding(
        rule=identity,
        severity=rule.severity,
        message=rule.message.format(**words),
        address=about.address if about else None,
        part_of=about.part_of if about else None,
        leads_to=rule.leads_to,
        details=details,
        origin=origin,
        remedies=remedies,
    )


def origin_of(made: Made | None) -> Origin | None:
    """Where something was made, as a report tells it."""
    return None if made is None else Origin(made.revision, made.file, made.line)


def broken_history(broken: Fault) -> Finding:
    """A history that does not build."""
    details = "\n".join(filter(None, (broken.message, broken.statement)))
    where = origin_of(broken.where)
    if broken.existing is None:
        return fault(
            "history-broken",
            details=details,
            origin=where,
            remedies=_other_server(broken.message) + _WAYS_TO_BUILD,
            revision=broken.where.revision,
        )
    address, earlier = broken.existing
    remedy = Remedy(
        "delete the operation",
        f"Take it out of {broken.where.file}: {earlier.file} has made {address} already.",
    )
    return fault(
        "history-duplicate",
        details=details,
        origin=where,
        remedies=(remedy,),
        revision=broken.where.revision,
        name=address,
        earlier=earlier.revision,
    )


def _other_server(message: str) -> tuple[Remedy, ...]:
    """Where to find an extension that the shadows' server does not have."""
    missing = _MISSING_EXTENSION.search(message)
    if missing is None:
        return ()
    return (
        Remedy(
            "use a server that has the extension",
            f"The shadow's server does not have {missing[1] or missing[2]}. --shadow same-server "
            "makes the shadow databases beside the live one, --shadow URL on another server.",
        ),
    )


# Of PostgreSQL 13 and later, and of earlier ones.
_MISSING_EXTENSION = re.compile(
    r'extension "?([^"]+)"? is not available|/extension/(.+?)(?:--.*)?\.(?:control|sql)"'
)
_WAYS_TO_BUILD = (
    Remedy("mend the revision", "Make it run on an empty database."),
    Remedy(
        "bootstrap",
        "If the history begins with what something else made, say in [tool.driftcheck] what: "
        "a SQL file, package.module:callable or create_all, and the revision it stands at.",
        "python",
        'bootstrap = "schema.sql@REVISION"',
    ),
    Remedy(
        "base snapshot",
        "Or take a database that is known to be good for the beginning of the history.",
        "shell",
        "driftcheck snapshot --write base.json",
    ),
)


def stamp_faults(
    stamped: Sequence[str] | None, unknown: Sequence[str], *, has_tables: bool
) -> Iterator[Finding]:
    """What is wrong with the revisions that a live database is stamped with."""
    if not stamped and has_tables:
        yield fault(
            "stamp-missing",
            remedies=(
                Remedy(
                    "stamp",
                    "If you know the revision that it is at, record it.",
                    "shell",
                    "alembic stamp REVISION    # flask db stamp REVISION",
                ),
            ),
        )
    for revision in unknown:
        yield fault(
            "stamp-unknown",
            revision=revision,
            remedies=(
                Remedy(
                    "find the migration",
                    "Look for the branch or the commit that has it.",
                    "shell",
                    f"git log --all --oneline -S {revision}",
                ),
            ),
        )
    if stamped and len(stamped) > 1 and not unknown:
        yield fault("stamp-several", count=len(stamped), revisions=", ".join(stamped))


def head_faults(heads: Sequence[str]) -> Iterator[Finding]:
    """A history that ends in several heads."""
    if len(heads) > 1:
        yield fault(
            "history-several-heads",
            count=len(heads),
            heads=", ".join(heads),
            remedies=(
                Remedy(
                    "merge",
                    "Join them with a merge revision.",
                    "shell",
                    "alembic merge heads    # flask db merge heads",
                ),
            ),
        )


def refused_models(refused: Sequence[Refused]) -> Iterator[Finding]:
    """What a database does not run of the models."""
    for one in refused:
        yield fault("models-refused", message=one.message, details=one.statement)


def written_files(files: Sequence[Path], root: Path) -> Iterator[Finding]:
    """Files of the project that a replay has written."""
    for file in files:
        yield fault("history-writes-files", file=relative(file, root))


def written_by_import(made: Sequence[Address]) -> Iterator[Finding]:
    """What the project's import made in its database."""
    tables = [address for address in made if address.kind == "table"]
    if tables:
        yield fault("import-writes-database", count=len(made), name=tables[0])


def remarked(remarks: Sequence[Remark]) -> Iterator[Finding]:
    """What is worth a note in the live database."""
    for remark in remarks:
        rule = REMARKS[remark.rule]
        message = rule.message.format(*remark.words, address=remark.address)
        yield Finding(
            remark.rule, rule.severity, message, address=remark.address, leads_to=rule.leads_to
        )


def made_roles(roles: Sequence[str]) -> Iterator[Finding]:
    """Roles that a replay has made on a server that others use."""
    for role in roles:
        yield fault("history-makes-roles", role=role)
