"""The table of rules: for each kind of finding its severity, its message and its impact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Severity, Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding.

    Attributes:
        severity: The severity of the findings.
        message: The message, with placeholders: ``{kind}`` and ``{name}`` are the object's,
            ``{difference}`` is the difference between models and migrations, if it is short.
        impact: The consequence if nothing is done; empty if there is none.
    """

    severity: Severity
    message: str
    impact: str


_DRIFT: dict[ChangeType, Rule] = {
    ChangeType.MISSING: Rule(
        Severity.ERROR,
        "{kind} {name} was dropped outside the migrations: it is missing from the live database",
        "Code that uses it fails on this database only.",
    ),
    ChangeType.EXTRA: Rule(
        Severity.ERROR,
        "{kind} {name} was created outside the migrations: no migration creates it",
        "It exists in this database only.",
    ),
    ChangeType.CHANGED: Rule(
        Severity.ERROR,
        "{kind} {name} was altered outside the migrations: it differs from the migrated schema",
        "This database differs from every other database that the migrations built.",
    ),
    ChangeType.RENAMED: Rule(
        Severity.ERROR,
        "{kind} {name} was renamed outside the migrations to {new_name}",
        "Code that uses the old name fails on this database only.",
    ),
}

NOT_NAMED_BY_CODE = frozenset(
    {
        "index",
        "primary key",
        "unique constraint",
        "foreign key",
        "check constraint",
        "exclusion constraint",
    }
)
"""The kinds of objects that queries do not name."""

DRIFT_NOT_NAMED_BY_CODE: dict[ChangeType, Rule] = {
    ChangeType.MISSING: replace(
        _DRIFT[ChangeType.MISSING],
        impact="A migration that alters or drops it fails on this database only.",
    ),
    ChangeType.RENAMED: replace(
        _DRIFT[ChangeType.RENAMED],
        impact="A migration that uses the old name fails on this database only.",
    ),
}
"""The rules for drift of these kinds, as far as they are others."""

DRIFT_NEVER_CREATED = Rule(
    Severity.ERROR,
    "{kind} {name} is missing from the live database: its table was created without it",
    _DRIFT[ChangeType.MISSING].impact,
)
"""The rule for a missing column that nobody dropped, according to the catalog of the server."""

DRIFT_NAME_OF_SERVER = Rule(
    Severity.ERROR,
    "{kind} {name} is named {new_name} in the live database: it was created there without a name, "
    "or renamed",
    "A migration that names it fails on this database only. It may have been created by "
    "create_all(), or by a migration that names it only since the models have a naming_convention.",
)
"""The rule for a constraint that has the name that a server chooses."""

DRIFT_OF_UNKNOWN_STAMP = Rule(
    Severity.ERROR,
    "{kind} {name} differs between the live database and its nearest revision; revision {unknown}, "
    "which no migration file defines, may explain the difference",
    "The changes of this revision are not known.",
)
"""The rule for every kind of drift if the live database is stamped with unknown revisions."""

DRIFT_OF_BROKEN_HISTORY = Rule(
    Severity.ERROR,
    "{kind} {name} differs between the live database and its revision; a revision from {broken} "
    "on may explain the difference",
    "The history does not run, so the changes of later revisions are not known.",
)
"""The rule for every kind of drift if revisions after the stamp could not be replayed."""

_PENDING: dict[ChangeType, Rule] = {
    ChangeType.MISSING: Rule(
        Severity.ERROR,
        "{kind} {name} is in the models, but no migration creates it",
        "The application expects it, and a database built by the migrations does not have it.",
    ),
    ChangeType.EXTRA: Rule(
        Severity.ERROR,
        "{kind} {name} is created by a migration, but is not in the models",
        "It stays in every database until a migration drops it.",
    ),
    ChangeType.CHANGED: Rule(
        Severity.ERROR,
        "{kind} {name} differs between the models and the migrations{difference}",
        "The application expects a definition that a database built by the migrations does not "
        "have.",
    ),
    ChangeType.RENAMED: Rule(
        Severity.NOTE,
        "{kind} {name} of the models is named {new_name} in the migrations",
        "A migration that uses the name from the models may fail.",
    ),
}

PENDING_NAME = Rule(
    Severity.ERROR,
    "{kind} {name} of the models is named {new_name} in the migrations",
    "The application expects a name that a database built by the migrations does not have.",
)
"""The rule for a pending rename of an object that code uses by name: a table, a column. The name
of an index or a constraint is not used by code."""

_UNAPPLIED: dict[ChangeType, Rule] = {
    ChangeType.MISSING: Rule(
        Severity.WARNING,
        "{kind} {name} is created by a migration that has not run on this database",
        "The application may already expect it.",
    ),
    ChangeType.EXTRA: Rule(
        Severity.WARNING,
        "{kind} {name} is dropped by a migration that has not run on this database",
        "",
    ),
    ChangeType.CHANGED: Rule(
        Severity.WARNING,
        "{kind} {name} is altered by a migration that has not run on this database",
        "The application may already expect the change.",
    ),
    ChangeType.RENAMED: Rule(
        Severity.WARNING,
        "{kind} {new_name} is renamed to {name} by a migration that has not run on this database",
        "The application may already expect the new name.",
    ),
}

_UNSEEN = "Autogenerate sees no difference when it compares the models with this database"

_HAND_APPLIED: dict[ChangeType, Rule] = {
    ChangeType.MISSING: Rule(
        Severity.ERROR,
        "{kind} {name} is not in the models and was dropped outside the migrations; no migration "
        "drops it",
        f"{_UNSEEN}, and every other database still has it.",
    ),
    ChangeType.EXTRA: Rule(
        Severity.ERROR,
        "{kind} {name} is in the models and was created outside the migrations; no migration "
        "creates it",
        f"{_UNSEEN}, and no other database has it.",
    ),
    ChangeType.CHANGED: Rule(
        Severity.ERROR,
        "{kind} {name} was altered outside the migrations and now matches the models; no "
        "migration alters it",
        f"{_UNSEEN}, and every other database has the old definition.",
    ),
    ChangeType.RENAMED: Rule(
        Severity.ERROR,
        "{kind} {name} was renamed outside the migrations to {new_name} and now matches the "
        "models; no migration renames it",
        f"{_UNSEEN}, and every other database has the old name.",
    ),
}

DROPPED_BY_REVISION: dict[tuple[Verdict, ChangeType], Rule] = {
    (Verdict.PENDING, ChangeType.MISSING): replace(
        _PENDING[ChangeType.MISSING],
        message="{kind} {name} is in the models, but revision {revision} drops or renames it",
    ),
    (Verdict.DRIFT, ChangeType.EXTRA): replace(
        _DRIFT[ChangeType.EXTRA],
        message="{kind} {name} is in the live database, but revision {revision} drops or renames "
        "it",
    ),
    (Verdict.HAND_APPLIED, ChangeType.EXTRA): replace(
        _HAND_APPLIED[ChangeType.EXTRA],
        message="{kind} {name} is in the models and in the live database, but revision {revision} "
        "drops or renames it",
    ),
}
"""The rules for an object that the migrations create, and do not have at their head."""

_CONFLICT = Rule(
    Severity.ERROR,
    "{kind} {name} was changed in the models and, differently, outside the migrations",
    "The models and the live database contradict each other. Decide which of the two is correct.",
)

_DIFFERENCE: dict[ChangeType, Rule] = {
    ChangeType.MISSING: Rule(
        Severity.ERROR, "{kind} {name} is in the first database, but not in the second", ""
    ),
    ChangeType.EXTRA: Rule(
        Severity.ERROR, "{kind} {name} is in the second database, but not in the first", ""
    ),
    ChangeType.CHANGED: Rule(Severity.ERROR, "{kind} {name} differs between the two databases", ""),
    ChangeType.RENAMED: Rule(
        Severity.ERROR, "{kind} {name} of the first database is named {new_name} in the second", ""
    ),
}

CHANGES: dict[tuple[Verdict, ChangeType], Rule] = {
    (verdict, change): rule
    for verdict, rules in {
        Verdict.PENDING: _PENDING,
        Verdict.UNAPPLIED: _UNAPPLIED,
        Verdict.DRIFT: _DRIFT,
        Verdict.HAND_APPLIED: _HAND_APPLIED,
        Verdict.CONFLICT: dict.fromkeys(ChangeType, _CONFLICT),
        Verdict.DIFFERENCE: _DIFFERENCE,
    }.items()
    for change, rule in rules.items()
}
"""The rules for changes of objects. The identity is made of verdict, kind of object and change:
``drift-column-missing``."""

NOTED: dict[str, Rule] = {
    "partition": Rule(
        Severity.NOTE,
        "{kind} {name} is an additional partition: it follows its parent's definition",
        "",
    ),
    "inherited": Rule(
        Severity.NOTE,
        "{kind} {name} is named {new_name}: it is inherited, so its name has no meaning",
        "A dump does not contain this name. The server chooses it again when the partition is "
        "restored.",
    ),
    "retired": Rule(
        Severity.NOTE,
        "{kind} {name} is a partition that was dropped: its parent table exists without it",
        "",
    ),
    "computed": Rule(
        Severity.NOTE,
        "{kind} {name} has a default that was computed once, when the column was created, so every "
        "database has a different one",
        "Every row gets the time at which the column was created. Write the default as an SQL "
        "expression, such as server_default=func.now(), in the models and in a migration.",
    ),
    "order": Rule(
        Severity.NOTE,
        "{kind} {name} has the same columns in the models and in the migrations, in another order",
        "It allows the same rows. Its index serves other queries.",
    ),
    "version": Rule(
        Severity.NOTE,
        "{kind} {name} has a different version",
        "The objects that it provides may differ.",
    ),
}
"""The rules for changes that are only noted, by the reason that the object's kind gives."""

UNSAID = "unsaid"
"""The last word of the identity of ``UNDECLARED``."""
UNDECLARED = Rule(
    Severity.NOTE,
    "{kind} {name} has a default or a comment that the migrations set and the models do not "
    "declare",
    "",
)
"""The rule for attributes that only the migrations set, in general words. A finding names them."""

TWICE = "twice"
"""The last word of the identity of ``DECLARED_TWICE``."""
DECLARED_TWICE = Rule(
    Severity.NOTE,
    "{kind} {name} is a second declaration of {other} in the models; the migrations create "
    "only one",
    "",
)
"""The rule for an object that the models declare twice, under two names."""

NOTED_ONLY_IN: Mapping[str, frozenset[Verdict]] = {
    "retired": frozenset({Verdict.DRIFT, Verdict.DIFFERENCE}),
    "computed": frozenset({Verdict.DRIFT}),
    "order": frozenset({Verdict.PENDING}),
}
"""The verdicts for which a reason makes a note; every verdict for a reason that is not listed."""

OTHER_ORDER = Rule(
    Severity.ERROR,
    "{kind} {name} was altered outside the migrations: its columns are in another order",
    "It allows the same rows. Its index serves other queries than in every other database.",
)
"""The rule for drift of a constraint whose columns are the same, in another order."""

LEFT_TO_MIGRATIONS = {
    "comment": "a comment",
    "default": "a default",
    "options": "storage parameters",
    "tablespace": "a tablespace",
}
"""The attributes that a migration may set without a declaration in the models."""

FAULTS: dict[str, Rule] = {
    "history-broken": Rule(
        Severity.ERROR,
        "the migration history does not run: revision {revision} fails",
        "No new database can be built, and a database that has not run this revision cannot be "
        "upgraded.",
    ),
    "history-duplicate": Rule(
        Severity.ERROR,
        "the migration history does not run: revision {revision} creates {name}, which revision "
        "{earlier} has already created",
        "A database that has not run this revision cannot be upgraded. Autogenerate writes such "
        "an operation if the object is missing from the database that it compares with.",
    ),
    "history-several-heads": Rule(
        Severity.WARNING,
        "the history has {count} heads: {heads}",
        "The command upgrade head fails until the heads are merged.",
    ),
    "history-uses-models": Rule(
        Severity.WARNING,
        "revision {revision} creates tables as the models declare them now: {tables}",
        "Databases that ran the revision earlier have the tables of that time. A later revision "
        "that changes these tables fails on a new database.",
    ),
    "history-writes-files": Rule(
        Severity.WARNING,
        "the migrations change a file of the project: {file}",
        "Every upgrade changes the file again, on every machine.",
    ),
    "history-makes-roles": Rule(
        Severity.WARNING,
        "the migrations created a role on a shared server: {role}",
        "The role remains after the shadow database is dropped.",
    ),
    "stamp-unknown": Rule(
        Severity.ERROR,
        "the live database is stamped with revision {revision}, which no migration file defines",
        "Neither upgrade nor migrate can run on this database. The migration file was deleted or "
        "renamed, or belongs to a branch that is not checked out.",
    ),
    "stamp-missing": Rule(
        Severity.ERROR,
        "the live database has tables but is not stamped with a revision",
        "An upgrade would run every migration, from the first one, on the existing tables.",
    ),
    "stamp-overlapping": Rule(
        Severity.ERROR,
        "the version table of the live database has {revisions}: {what}",
        "Alembic refuses every upgrade of this database until the table is corrected.",
    ),
    "stamp-behind": Rule(
        Severity.ERROR,
        "the live database has all changes of the history up to {revisions}, but its stamp says "
        "{stamped}",
        "An upgrade would run these revisions again, and fail at objects that exist already.",
    ),
    "stamp-behind-in-part": Rule(
        Severity.ERROR,
        "the live database has some changes of {revisions}, but not all, and its stamp says "
        "{stamped}",
        "An upgrade would run the revision from its beginning, and fail at objects that exist "
        "already.",
    ),
    "stamp-ahead": Rule(
        Severity.ERROR,
        "the live database has {schema}, but its stamp says {stamped}: {revisions}",
        "An upgrade would skip these revisions. Code that relies on their changes fails on this "
        "database.",
    ),
    "stamp-several": Rule(
        Severity.NOTE,
        "the live database is stamped with {count} revisions: {revisions}",
        "",
    ),
    "live-made-by-models": Rule(
        Severity.ERROR,
        "the live database has the schema that the models create, for example with create_all(), "
        "and not the one that the migrations create: {count} differences",
        "Databases that the migrations built have another schema. Autogenerate sees no difference "
        "when it compares the models with this database.",
    ),
    "locate-elsewhere": Rule(
        Severity.ERROR,
        "the live database is stamped with {stamped}, but its schema is that of {revision}: {what}",
        "An upgrade starts at the wrong revision: it skips migrations that never ran, or repeats "
        "migrations that did.",
    ),
    "locate-unstamped": Rule(
        Severity.ERROR,
        "the live database is not stamped with a revision, and its schema is that of {revision}",
        "An upgrade would run every migration, from the first one, on the existing tables.",
    ),
    "locate-nearest": Rule(
        Severity.ERROR,
        "the schema of the live database, {stamped}, matches no revision: the nearest is "
        "{revision}, with {changes}",
        "This database differs from every database that the migrations built.",
    ),
    "locate-incomplete": Rule(
        Severity.NOTE,
        "the live database was compared with the revisions before {broken} only: the nearest is "
        "{revision}, with {changes}",
        "The history does not run, so the schemas of later revisions are not known.",
    ),
    "models-refused": Rule(
        Severity.NOTE,
        "the database refuses {what} of the models: {message}",
        "create_all() fails there, and the objects that are not created were not compared.",
    ),
    "pending-operation": Rule(
        Severity.ERROR,
        "migrate would write {count} to no other failing finding: {operation}",
        "The command alembic check fails, and the next migration contains the operation.",
    ),
    "colleague-upgrade-fails": Rule(
        Severity.ERROR,
        "the upgrade from {start} fails at {what}",
        "Every database that was changed by migrations only gets this error: colleagues' "
        "databases, CI, production.",
    ),
    "colleague-downgrade-fails": Rule(
        Severity.ERROR,
        "the downgrade from {start} fails at {what}",
        "These revisions cannot be reverted.",
    ),
    "colleague-differs-from-head": Rule(
        Severity.WARNING,
        "{kind} {name} differs from head after upgrading from {start}: {how}",
        "Two databases at the same revision have different schemas.",
    ),
    "colleague-without-rows": Rule(
        Severity.NOTE,
        "no row could be inserted into {name} at {start}: {reason}",
        "The migrations were not tested with rows in this table.",
    ),
    "import-writes-database": Rule(
        Severity.NOTE,
        "importing the project creates {count} objects in its database, among them {name}",
        "These objects are not treated as part of the history. If the history depends on them, "
        'set bootstrap = "import".',
    ),
    "ignore-expired": Rule(
        Severity.WARNING,
        "an ignore entry in [tool.driftcheck] expired on {until}: {entry}",
        "The findings that it matches are reported again.",
    ),
    "ignore-unmatched": Rule(
        Severity.WARNING,
        "an ignore entry in [tool.driftcheck] matches no finding: {entry}",
        "The finding that it was written for is fixed, or the patterns of the entry are wrong.",
    ),
    "baseline-outdated": Rule(
        Severity.NOTE,
        "findings of the baseline that no longer exist: {count}",
        "A change that brings one of them back is not reported. Write the baseline again with "
        "driftcheck compare --write-baseline.",
    ),
    "gate-several-heads": Rule(
        Severity.ERROR,
        "the history has {count} heads, because revision {revision} follows {parent}",
        "The command upgrade head fails until the heads are merged.",
    ),
    "gate-heads-after-merge": Rule(
        Severity.ERROR,
        "after a merge with {base}, the history has {count} heads, because revision {revision} "
        "follows {parent}",
        "Each branch is correct on its own. After the merge, the command upgrade head fails.",
    ),
    "gate-parent-missing": Rule(
        Severity.ERROR,
        "revision {revision} follows {parent}, which no migration file defines",
        "Alembic cannot load this history.",
    ),
    "gate-parent-gone-after-merge": Rule(
        Severity.ERROR,
        "after a merge with {base}, revision {revision} follows {parent}, which no migration file "
        "defines any more",
        "Alembic cannot load the merged history.",
    ),
    "gate-identifier-twice": Rule(
        Severity.ERROR,
        "revision {revision} is defined twice: {other} has the same identifier",
        "Alembic loads one of the two files and ignores the other.",
    ),
    "gate-revision-edited": Rule(
        Severity.ERROR,
        "revision {revision} of {base} was edited: {parts}",
        "A database that has already run the revision does not get the change.",
    ),
    "gate-downgrade-edited": Rule(
        Severity.WARNING,
        "revision {revision} of {base} was edited: {parts}",
        "",
    ),
    "gate-revision-deleted": Rule(
        Severity.ERROR,
        "revision {revision} of {base} was deleted",
        "A database that is stamped with it can neither upgrade nor downgrade.",
    ),
    "gate-upgrade-fails": Rule(
        Severity.ERROR,
        "revision {revision} fails on a database at {base}",
        "Such a database cannot be upgraded, although the history runs on an empty database.",
    ),
    "gate-upgrade-fails-on-rows": Rule(
        Severity.ERROR,
        "revision {revision} fails if tables contain rows",
        "The revision runs on empty tables only: it fails on generated rows, so it may fail on "
        "databases in use.",
    ),
    "gate-downgrade-empty": Rule(
        Severity.WARNING,
        "revision {revision} changes the schema, but its downgrade does nothing",
        "A downgrade leaves the changes in place, and the next upgrade makes them again.",
    ),
    "gate-downgrade-refuses": Rule(
        Severity.NOTE,
        "the downgrade of revision {revision} raises an error on purpose",
        "The revision cannot be reverted.",
    ),
    "gate-downgrade-fails": Rule(
        Severity.ERROR,
        "the downgrade of revision {revision} fails",
        "The revision cannot be reverted.",
    ),
    "gate-downgrade-differs": Rule(
        Severity.ERROR,
        "after the downgrade of revision {since}, {name} {what}",
        "The downgrade does not restore the previous schema.",
    ),
    "gate-upgrade-again-fails": Rule(
        Severity.ERROR,
        "revision {revision} fails when it is run again after its downgrade",
        "A database that was downgraded cannot be upgraded again.",
    ),
    "gate-upgrade-again-differs": Rule(
        Severity.ERROR,
        "after revision {since} was downgraded and upgraded again, {name} {what}",
        "A database that was downgraded once differs from every other database.",
    ),
    "gate-ways-differ": Rule(
        Severity.ERROR,
        "on a database upgraded from {since}, {name} {what}",
        "The schema differs from the one that the history builds on an empty database.",
    ),
    "gate-breaks-running-code": Rule(
        Severity.WARNING,
        "after revision {revision}, the code of {base} cannot {what}",
        "A deployment runs the migrations while processes with the old code still serve. The "
        "statement fails until the last of them has ended.",
    ),
}
"""The rules for faults of the project itself, by identity."""

_BLOCKS = "Other sessions are blocked until the migration commits."
_SCANS = "The server reads every row meanwhile, which takes minutes for a large table."

HAZARDS: dict[str, Rule] = {
    "lock": Rule(
        Severity.NOTE,
        "revision {revision} locks {table} against {locked}",
        f"{_BLOCKS} The lock request queues behind running transactions and blocks every later "
        "query.",
    ),
    "rewrite": Rule(
        Severity.NOTE,
        "revision {revision} rewrites {table}",
        f"{_BLOCKS} Rewriting a large table takes minutes and twice its disk space.",
    ),
    "index-build": Rule(
        Severity.NOTE,
        "revision {revision} builds {name} while {table} is locked against writes",
        f"{_BLOCKS} {_SCANS}",
    ),
    "not-null": Rule(
        Severity.NOTE,
        "revision {revision} sets {name} NOT NULL while {table} is locked against reads and writes",
        f"{_BLOCKS} {_SCANS} The migration fails if a row has no value.",
    ),
    "constraint": Rule(
        Severity.NOTE,
        "revision {revision} adds {name} and validates it immediately",
        f"{_BLOCKS} {_SCANS} The migration fails if a row violates the constraint.",
    ),
    "required-column": Rule(
        Severity.NOTE,
        "revision {revision} adds {name} NOT NULL without a default",
        "The migration fails on every database in which the table has rows.",
    ),
    "narrower-type": Rule(
        Severity.NOTE,
        "revision {revision} changes the type of {name} from {change}, which holds fewer values",
        "Values that do not fit are truncated, or the migration fails.",
    ),
    "column-dropped": Rule(
        Severity.NOTE,
        "revision {revision} drops {name}",
        "Its values are lost, and running code that still uses the column fails.",
    ),
    "table-dropped": Rule(
        Severity.NOTE,
        "revision {revision} drops {table}",
        "Its rows are lost, and running code that still uses the table fails.",
    ),
    "rows-removed": Rule(
        Severity.NOTE,
        "revision {revision} deletes every row of {table}",
        "The rows are lost.",
    ),
}
"""The rules for the effects of a migration on tables in use, reported as ``hazard-lock`` and so
on. Each is a note, because only the project knows the size and the load of its tables."""

REMARKS: dict[str, Rule] = {
    "live-materialized-view-unpopulated": Rule(
        Severity.NOTE,
        "{address} is not populated",
        "Queries that use it fail until it is refreshed.",
    ),
    "live-collation-version": Rule(
        Severity.NOTE,
        "{address} was created with version {0}, but its provider now has version {1}",
        "Indexes that use the collation may be corrupt. Rebuild them, then run ALTER COLLATION "
        "... REFRESH VERSION.",
    ),
    "live-database-collation-version": Rule(
        Severity.NOTE,
        "the collation of {address} was created with version {0}, but its provider now has "
        "version {1}",
        "Indexes on text columns may be corrupt. Rebuild them, then run ALTER DATABASE ... "
        "REFRESH COLLATION VERSION.",
    ),
    "live-setting-of-database": Rule(Severity.NOTE, "{address} sets {0} to {1}", ""),
    "live-setting-of-role": Rule(Severity.NOTE, "{address} sets {0} to {1} in every database", ""),
    "live-setting-of-role-in-database": Rule(
        Severity.NOTE, "{address} sets {0} to {1} in this database", ""
    ),
}
"""The rules for facts about the live database that are not part of its schema."""

NOT_OF_CHANGES: Mapping[str, Rule] = MappingProxyType(
    {**FAULTS, **REMARKS, **{f"hazard-{kind}": rule for kind, rule in HAZARDS.items()}}
)
"""Every rule that is not about a change of an object, by its identity."""
