"""The one table of rules: what a finding is called, how much it matters, what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.schema import Value


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding.

    Attributes:
        severity: How much it matters.
        message: What was found; ``{kind}`` and ``{name}`` stand for the object, ``{difference}``
            for what differs between models and migrations, where that is short.
        leads_to: What will happen if nothing is done.
    """

    severity: Severity
    message: str
    leads_to: str


CHANGES: dict[tuple[Verdict, ChangeType], Rule] = {
    (Verdict.DRIFT, ChangeType.MISSING): Rule(
        Severity.ERROR,
        "{kind} {name} was dropped by hand: the migrations make it, the live database lacks it",
        "What uses it fails here, and only here.",
    ),
    (Verdict.DRIFT, ChangeType.EXTRA): Rule(
        Severity.ERROR,
        "{kind} {name} was created by hand: no migration makes it",
        "No other database has it, and no new one will.",
    ),
    (Verdict.DRIFT, ChangeType.CHANGED): Rule(
        Severity.ERROR,
        "{kind} {name} was altered by hand: it is not what the migrations make",
        "This database is unlike every other that the migrations have made.",
    ),
    (Verdict.DRIFT, ChangeType.RENAMED): Rule(
        Severity.ERROR,
        "{kind} {name} was renamed by hand to {new_name}",
        "What uses the old name fails here, and only here.",
    ),
    (Verdict.PENDING, ChangeType.MISSING): Rule(
        Severity.ERROR,
        "{kind} {name} is in the models, and no migration makes it",
        "The application expects it and no database has it.",
    ),
    (Verdict.PENDING, ChangeType.EXTRA): Rule(
        Severity.ERROR,
        "{kind} {name} is made by a migration, and the models no longer have it",
        "It stays in every database until a migration drops it.",
    ),
    (Verdict.PENDING, ChangeType.CHANGED): Rule(
        Severity.ERROR,
        "{kind} {name} is not the same in the models as the migrations make it{difference}",
        "The application expects what no database has.",
    ),
    (Verdict.PENDING, ChangeType.RENAMED): Rule(
        Severity.NOTE,
        "{kind} {name} of the models is called {new_name} in the migrations",
        "A migration that names it may not find it.",
    ),
    (Verdict.UNAPPLIED, ChangeType.MISSING): Rule(
        Severity.WARNING,
        "{kind} {name} is made by a migration that has not run here",
        "The application may expect it already.",
    ),
    (Verdict.UNAPPLIED, ChangeType.EXTRA): Rule(
        Severity.WARNING,
        "{kind} {name} is dropped by a migration that has not run here",
        "",
    ),
    (Verdict.UNAPPLIED, ChangeType.CHANGED): Rule(
        Severity.WARNING,
        "{kind} {name} is altered by a migration that has not run here",
        "The application may expect it already.",
    ),
    (Verdict.UNAPPLIED, ChangeType.RENAMED): Rule(
        Severity.WARNING,
        "{kind} {new_name} is renamed to {name} by a migration that has not run here",
        "The application may expect it already.",
    ),
    (Verdict.HAND_APPLIED, ChangeType.MISSING): Rule(
        Severity.ERROR,
        "{kind} {name} is gone from the models and was dropped by hand; the migration is missing",
        "Every other database keeps it.",
    ),
    (Verdict.HAND_APPLIED, ChangeType.EXTRA): Rule(
        Severity.ERROR,
        "{kind} {name} is in the models and was created by hand; the migration is missing",
        "migrate finds nothing to write here, and every other database lacks it.",
    ),
    (Verdict.HAND_APPLIED, ChangeType.CHANGED): Rule(
        Severity.ERROR,
        "{kind} {name} was altered by hand to what the models say; the migration is missing",
        "migrate finds nothing to write here, and every other database has it as it was.",
    ),
    (Verdict.HAND_APPLIED, ChangeType.RENAMED): Rule(
        Severity.ERROR,
        "{kind} {name} was renamed by hand to {new_name}, as in the models; "
        "the migration is missing",
        "migrate finds nothing to write here, and every other database has the old name.",
    ),
}

CHANGES |= {
    (Verdict.DIFFERENCE, ChangeType.MISSING): Rule(
        Severity.ERROR, "{kind} {name} is in the first database and not in the second", ""
    ),
    (Verdict.DIFFERENCE, ChangeType.EXTRA): Rule(
        Severity.ERROR, "{kind} {name} is in the second database and not in the first", ""
    ),
    (Verdict.DIFFERENCE, ChangeType.CHANGED): Rule(
        Severity.ERROR, "{kind} {name} is not the same in the two databases", ""
    ),
    (Verdict.DIFFERENCE, ChangeType.RENAMED): Rule(
        Severity.ERROR, "{kind} {name} of the first database is called {new_name} in the second", ""
    ),
}

_CALLED_OTHERWISE = Rule(
    Severity.ERROR,
    "{kind} {name} of the models is called {new_name} in the migrations",
    "The application expects it under a name that no database has.",
)
"""For what is known by its name; that of an index or a constraint matters to nobody else."""

_CONFLICT = Rule(
    Severity.ERROR,
    "{kind} {name} was changed in the models and by hand, to different things",
    "A person has to decide which of the two is meant.",
)
CHANGES |= {(Verdict.CONFLICT, change): _CONFLICT for change in ChangeType}

FAULTS: dict[str, Rule] = {
    "history-broken": Rule(
        Severity.ERROR,
        "the history does not build: revision {revision} fails",
        "No new database can be built, and whoever has not run this revision yet cannot upgrade.",
    ),
    "history-duplicate": Rule(
        Severity.ERROR,
        "the history does not build: revision {revision} makes {name}, "
        "which revision {earlier} made already",
        "Whoever has not run this revision yet cannot upgrade. Such a migration is written where "
        "somebody dropped the object by hand.",
    ),
    "history-several-heads": Rule(
        Severity.WARNING,
        "the history has {count} heads: {heads}",
        "upgrade head fails until they are merged.",
    ),
    "history-writes-files": Rule(
        Severity.WARNING,
        "replaying the history changed a file of the project: {file}",
        "Every upgrade, on every machine, changes it again.",
    ),
    "history-makes-roles": Rule(
        Severity.WARNING,
        "replaying the history made a role on a shared server: {role}",
        "It outlives the shadow database.",
    ),
    "stamp-unknown": Rule(
        Severity.ERROR,
        "the live database is stamped with revision {revision}, which no file has",
        "Neither upgrade nor migrate can run on it: its migration was deleted, renamed, or "
        "belongs to a branch that is not checked out.",
    ),
    "stamp-missing": Rule(
        Severity.ERROR,
        "the live database has tables but is not stamped with any revision",
        "upgrade would run the history from its beginning, over what is there.",
    ),
    "stamp-several": Rule(
        Severity.NOTE,
        "the live database is stamped with {count} revisions: {revisions}",
        "",
    ),
    "locate-elsewhere": Rule(
        Severity.ERROR,
        "the live database is stamped with {stamped}, but its schema is that of {revision}: {what}",
        "upgrade begins at the wrong revision here: it skips what never ran, or runs again what "
        "did.",
    ),
    "locate-unstamped": Rule(
        Severity.ERROR,
        "the live database is not stamped with any revision, and its schema is that of {revision}",
        "upgrade would run the history from its beginning, over what is there.",
    ),
    "locate-nearest": Rule(
        Severity.ERROR,
        "the live database, {stamped}, has the schema of no revision: the nearest is {revision}, "
        "with {changes}",
        "No other database is like this one.",
    ),
    "models-refused": Rule(
        Severity.NOTE,
        "the database refuses a part of the models: {message}",
        "create_all() fails at it, and what it declares was not compared.",
    ),
    "colleague-upgrade-fails": Rule(
        Severity.ERROR,
        "the upgrade from {start} fails at {what}",
        "Everybody whose database nobody touched gets this error: colleagues, CI, production.",
    ),
    "colleague-downgrade-fails": Rule(
        Severity.ERROR,
        "the downgrade from {start} fails at {what}",
        "Whoever has to take these revisions back cannot.",
    ),
    "colleague-differs-from-head": Rule(
        Severity.WARNING,
        "{kind} {name} is not at the head what it is after the upgrade from {start}: {how}",
        "Two databases at the same revision are not alike.",
    ),
    "colleague-without-rows": Rule(
        Severity.NOTE,
        "no row could be put into {name} at {start}: {reason}",
        "What a migration does to its rows was not tried.",
    ),
    "import-writes-database": Rule(
        Severity.NOTE,
        "importing the project makes {count} objects in its database, {name} among them",
        "They are not taken for a part of the history. Where it stands on them, say so: "
        'bootstrap = "import".',
    ),
    "ignore-expired": Rule(
        Severity.WARNING,
        "an entry of ignore in [tool.driftcheck] ended on {until}: {entry}",
        "What it was to ignore counts again.",
    ),
    "ignore-unmatched": Rule(
        Severity.WARNING,
        "an entry of ignore in [tool.driftcheck] ignores nothing: {entry}",
        "What it was written for is mended, or its patterns do not fit it.",
    ),
}


_WAITS = "Whoever works with the table waits until the transaction of the migration ends."
_SCANS = "Every row is looked at meanwhile: on a large table that takes minutes."

FAULTS |= {
    "gate-several-heads": Rule(
        Severity.ERROR,
        "the history has {count} heads, since revision {revision} comes after {parent}",
        "upgrade head fails until they are merged.",
    ),
    "gate-heads-after-merge": Rule(
        Severity.ERROR,
        "merged with {base}, the history has {count} heads, since revision {revision} comes after "
        "{parent}",
        "Each branch is right on its own. After the merge, upgrade head fails.",
    ),
    "gate-parent-missing": Rule(
        Severity.ERROR,
        "revision {revision} comes after {parent}, which no file has",
        "Alembic cannot load such a history.",
    ),
    "gate-parent-gone-after-merge": Rule(
        Severity.ERROR,
        "merged with {base}, revision {revision} comes after {parent}, which no file has any more",
        "Alembic cannot load such a history.",
    ),
    "gate-identifier-twice": Rule(
        Severity.ERROR,
        "revision {revision} is there twice: {other} has the same identifier",
        "Alembic takes one of them and forgets the other.",
    ),
    "gate-revision-edited": Rule(
        Severity.ERROR,
        "revision {revision} of {base} is edited: {parts}",
        "A database that has run it does not get the change.",
    ),
    "gate-downgrade-edited": Rule(
        Severity.WARNING,
        "revision {revision} of {base} is edited: {parts}",
        "",
    ),
    "gate-revision-deleted": Rule(
        Severity.ERROR,
        "revision {revision} of {base} is deleted",
        "A database that is stamped with it can neither upgrade nor downgrade.",
    ),
    "gate-upgrade-fails": Rule(
        Severity.ERROR,
        "revision {revision} fails on a database at {base}",
        "Whoever is there cannot upgrade, although the history builds from nothing.",
    ),
    "gate-upgrade-fails-on-rows": Rule(
        Severity.ERROR,
        "revision {revision} fails where tables have rows",
        "It runs on empty tables only: on no database that is in use.",
    ),
    "gate-downgrade-empty": Rule(
        Severity.WARNING,
        "revision {revision} changes the schema, and its downgrade does nothing",
        "After a downgrade all of it is still there, and the next upgrade makes it again.",
    ),
    "gate-downgrade-refuses": Rule(
        Severity.NOTE,
        "the downgrade of revision {revision} raises an error on purpose",
        "There is no way back past it.",
    ),
    "gate-downgrade-fails": Rule(
        Severity.ERROR,
        "the downgrade of revision {revision} fails",
        "There is no way back past it.",
    ),
    "gate-downgrade-differs": Rule(
        Severity.ERROR,
        "after the downgrade of revision {since}, {name} {what}",
        "The downgrade does not lead to where the database was before.",
    ),
    "gate-upgrade-again-fails": Rule(
        Severity.ERROR,
        "revision {revision} fails when it runs again after its downgrade",
        "A database that was downgraded cannot be upgraded any more.",
    ),
    "gate-upgrade-again-differs": Rule(
        Severity.ERROR,
        "when revision {since} runs again after its downgrade, {name} {what}",
        "A database that was downgraded once is unlike every other.",
    ),
    "gate-ways-differ": Rule(
        Severity.ERROR,
        "on a database that comes from {since}, {name} {what}",
        "It is not what the history builds from nothing.",
    ),
}

HAZARDS: dict[str, Rule] = {
    "lock": Rule(
        Severity.NOTE,
        "revision {revision} locks {table} against {locked}",
        f"{_WAITS} It also has to wait itself for those who are at work, and then everybody "
        "else waits behind it.",
    ),
    "rewrite": Rule(
        Severity.NOTE,
        "revision {revision} has the whole of {table} written anew",
        f"{_WAITS} On a large table that takes minutes, and twice its space.",
    ),
    "index-build": Rule(
        Severity.NOTE,
        "revision {revision} builds {name} while nobody can write to {table}",
        f"{_WAITS} {_SCANS}",
    ),
    "not-null": Rule(
        Severity.NOTE,
        "revision {revision} sets {name} NOT NULL while nobody can use {table}",
        f"{_WAITS} {_SCANS} Where a row has no value, the migration fails.",
    ),
    "constraint": Rule(
        Severity.NOTE,
        "revision {revision} adds {name} and checks every row at once",
        f"{_WAITS} {_SCANS} Where a row does not comply, the migration fails.",
    ),
    "required-column": Rule(
        Severity.NOTE,
        "revision {revision} adds {name} NOT NULL and without a default",
        "The migration fails on every database where the table has rows.",
    ),
    "narrower-type": Rule(
        Severity.NOTE,
        "revision {revision} changes {name} from {change}, which holds less",
        "Values that do not fit are cut, or the migration fails at them.",
    ),
    "column-dropped": Rule(
        Severity.NOTE,
        "revision {revision} drops {name}",
        "Its values are lost, and code that still runs and reads it fails.",
    ),
    "table-dropped": Rule(
        Severity.NOTE,
        "revision {revision} drops {table}",
        "Its rows are lost, and code that still runs and reads it fails.",
    ),
    "rows-removed": Rule(
        Severity.NOTE,
        "revision {revision} removes every row of {table}",
        "They are lost.",
    ),
}
"""What a migration does to tables that are in use, told as ``hazard-lock`` and so on. Each is a
note: whether it matters is known to those who know the table."""

NOTED: dict[str, Rule] = {
    "partition": Rule(
        Severity.NOTE,
        "{kind} {name} is a further partition: it only continues what its parent lays down",
        "",
    ),
    "version": Rule(
        Severity.NOTE,
        "{kind} {name} has another version",
        "What it brings may not be the same.",
    ),
}
"""The changes that are only noted, by the word that their kind has for it."""

REMARKS: dict[str, Rule] = {
    "live-materialized-view-unpopulated": Rule(
        Severity.NOTE,
        "{address} is not populated",
        "Reading it fails until it is refreshed.",
    ),
    "live-collation-version": Rule(
        Severity.NOTE,
        "{address} is recorded with version {0}, and its provider now has {1}",
        "An index that is sorted by it may be out of order: rebuild it, and then refresh the "
        "collation's version.",
    ),
    "live-database-collation-version": Rule(
        Severity.NOTE,
        "the collation of {address} is recorded with version {0}, and its provider now has {1}",
        "An index on text may be out of order: rebuild it, and then refresh the database's "
        "collation version.",
    ),
    "live-setting-of-database": Rule(Severity.NOTE, "{address} sets {0} to {1}", ""),
    "live-setting-of-role": Rule(Severity.NOTE, "{address} sets {0} to {1} in every database", ""),
    "live-setting-of-role-in-database": Rule(
        Severity.NOTE, "{address} sets {0} to {1} in this database", ""
    ),
}
"""What is worth a note in the live database, and is no part of its schema."""

LEFT_TO_MIGRATIONS = {
    "comment": "a comment",
    "default": "a default",
    "options": "storage parameters",
    "tablespace": "a tablespace",
}
"""What only a migration may set, and models need not say."""


def left_to_migrations(change: Change) -> tuple[str, Rule]:
    """The rule for what only a migration sets, and models need not say."""
    what = " and ".join(LEFT_TO_MIGRATIONS[d.attribute] for d in change.differences)
    kind = change.address.kind.replace(" ", "-")
    message = f"{{kind}} {{name}} has {what} that the migrations set and the models do not say"
    return f"pending-{kind}-unsaid", Rule(Severity.NOTE, message, "")


def declared_twice(change: Change) -> tuple[str, Rule]:
    """The rule for what the models declare twice, the other time as ``{other}``."""
    kind = change.address.kind.replace(" ", "-")
    message = "{kind} {name} is the same as {other}, in the models; the migrations make it once"
    return f"pending-{kind}-twice", Rule(Severity.NOTE, message, "")


def what_differs(change: Change) -> str:
    """What differs between models and migrations, to be added to a sentence; empty where long."""
    if len(change.differences) != 1:
        return ""
    (difference,) = change.differences
    left, right = _apart(_words(difference.wanted), _words(difference.actual))
    if len(left) + len(right) > _SHORT or not left + right:
        return ""
    if not right:
        told = f"{left} in the models, not in the migrations"
    elif not left:
        told = f"{right} in the migrations, not in the models"
    else:
        told = f"{left} in the models, {right} in the migrations"
    attribute = "" if difference.attribute in _SPEAKS_FOR_ITSELF else f"{difference.attribute} "
    return f": {attribute}{told}"


_SHORT = 80
_SPEAKS_FOR_ITSELF = frozenset(("definition", "kind", "type"))


def _words(value: Value) -> list[str]:
    return value.split() if isinstance(value, str) else []


def _apart(left: list[str], right: list[str]) -> tuple[str, str]:
    """Two texts without the words that they begin with and end with alike."""
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return " ".join(left), " ".join(right)


def rule_of(verdict: Verdict, change: Change, aside: str = "") -> tuple[str, Rule]:
    """The identity of the finding that a change makes, and its rule.

    Args:
        verdict: What the four schemas say of the object.
        change: The change.
        aside: Why it is only noted; empty where it is not.
    """
    kind = change.address.kind.replace(" ", "-")
    if aside:
        return f"{verdict}-{kind}-{aside}", NOTED[aside]
    rule = CHANGES[verdict, change.type]
    if verdict is Verdict.PENDING and change.type is ChangeType.RENAMED:
        rule = rule if change.thing.renamable else _CALLED_OTHERWISE
    return f"{verdict}-{kind}-{change.type}", rule


def is_rule(identity: str) -> bool:
    """Whether there is such a rule; which kinds of objects there are, only a database knows."""
    if identity in FAULTS or identity in {f"hazard-{harm}" for harm in HAZARDS}:
        return True
    changes = (*ChangeType, "unsaid")
    named = any(identity.startswith(f"{verdict}-") for verdict in Verdict)
    return named and identity.rpartition("-")[2] in changes


NOT_OF_CHANGES: Mapping[str, Rule] = MappingProxyType(
    {**FAULTS, **REMARKS, **{f"hazard-{harm}": rule for harm, rule in HAZARDS.items()}}
)
"""Every rule that is not about a change of an object, by its identity."""

_UNSAID = Rule(
    Severity.NOTE,
    "{kind} {name} has a default or a comment that the migrations set and the models do not say",
    "",
)


def explained(finding: Finding) -> Rule:
    """The rule of a finding in general words, the same whatever it was found of.

    It is told of any object of the kind; what else its message names stands as ``…``. A rule that
    is not in the tables is told by the finding.
    """
    rule = _row(finding) or Rule(finding.severity, finding.message, finding.leads_to)
    kind = finding.address.kind if finding.address else "object"
    article = "an" if kind[0] in "aeio" else "a"
    message = re.sub(r"\{kind\} \{\w+\}", f"{article} {kind}", rule.message)
    message = re.sub(r"\{\w+\}", "…", message)
    return replace(rule, message=message[:1].upper() + message[1:])


def _row(finding: Finding) -> Rule | None:
    """The row of the tables that a finding was made from."""
    row = NOT_OF_CHANGES.get(finding.rule)
    if row is not None or finding.verdict is None or finding.change is None:
        return row
    last = finding.rule.rpartition("-")[2]
    if last == finding.change:
        return CHANGES[finding.verdict, finding.change]
    return _UNSAID if last == "unsaid" else NOTED.get(last)
