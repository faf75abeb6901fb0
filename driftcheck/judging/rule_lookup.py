"""Finds the rule of a change or of a finding, and its public identity."""

from __future__ import annotations

import re
from dataclasses import replace

from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.equivalence import is_named_by_server
from driftcheck.judging.findings import Finding, Verdict
from driftcheck.judging.rules import (
    CHANGES,
    DECLARED_TWICE,
    DRIFT_NAME_OF_SERVER,
    DRIFT_NOT_NAMED_BY_CODE,
    LEFT_TO_MIGRATIONS,
    NOT_NAMED_BY_CODE,
    NOT_OF_CHANGES,
    NOTED,
    NOTED_ONLY_IN,
    OTHER_ORDER,
    PENDING_NAME,
    TWICE,
    UNDECLARED,
    UNSAID,
    Rule,
)

_SUFFIXES = frozenset({*ChangeType, *NOTED, UNSAID, TWICE})
"""The last words of the identities of rules about changes."""


def rule_of(verdict: Verdict, change: Change, note: str = "") -> tuple[str, Rule]:
    """Return the identity and the rule of the finding that a change makes.

    Args:
        verdict: The verdict on the object.
        change: The change.
        note: The reason why the change may be only noted; empty if it is a full finding.
    """
    kind = _kind_in_identity(change)
    if note == "order" and verdict is Verdict.DRIFT:
        return f"{verdict}-{kind}-{change.type}", OTHER_ORDER
    if note and is_noted(verdict, note):
        return f"{verdict}-{kind}-{note}", NOTED[note]
    rule = _of_change(verdict, change.type, change.address.kind)
    if (verdict, change.type) == (Verdict.DRIFT, ChangeType.RENAMED) and change.actual:
        rule = DRIFT_NAME_OF_SERVER if is_named_by_server(change.actual.address) else rule
    if verdict is Verdict.PENDING and change.type is ChangeType.RENAMED:
        rule = rule if change.schema_object.renamable else PENDING_NAME
    return f"{verdict}-{kind}-{change.type}", rule


def _of_change(verdict: Verdict, change: ChangeType, kind: str) -> Rule:
    """Return the rule for a change of a kind of object."""
    rule = CHANGES[verdict, change]
    if verdict is Verdict.DRIFT and kind in NOT_NAMED_BY_CODE:
        return DRIFT_NOT_NAMED_BY_CODE.get(change, rule)
    return rule


def is_noted(verdict: Verdict, note: str) -> bool:
    """Whether a reason makes a note of a change with this verdict."""
    return verdict in NOTED_ONLY_IN.get(note, Verdict)


def is_computed_default(finding: Finding) -> bool:
    """Whether a finding is a note about a default that every database computes for itself."""
    return finding.rule.endswith("-computed")


def left_to_migrations(change: Change) -> tuple[str, Rule]:
    """Return the rule for attributes that a migration may set without a declaration in the models.

    Args:
        change: A change all of whose differences are in ``LEFT_TO_MIGRATIONS``.
    """
    attributes = " and ".join(LEFT_TO_MIGRATIONS[d.attribute] for d in change.differences)
    message = (
        f"{{kind}} {{name}} has {attributes} that the migrations set and the models do not declare"
    )
    return f"pending-{_kind_in_identity(change)}-{UNSAID}", replace(UNDECLARED, message=message)


def declared_twice(change: Change) -> tuple[str, Rule]:
    """Return the rule for an object that the models declare twice, also under ``{other}``."""
    return f"pending-{_kind_in_identity(change)}-{TWICE}", DECLARED_TWICE


def _kind_in_identity(change: Change) -> str:
    return change.address.kind.replace(" ", "-")


def is_rule(identity: str) -> bool:
    """Whether a rule has this identity, for some kind of object.

    The kinds of objects are not checked: each database has its own.
    """
    if identity in NOT_OF_CHANGES:
        return True
    for verdict in Verdict:
        if identity.startswith(f"{verdict}-"):
            kind, _, suffix = identity.removeprefix(f"{verdict}-").rpartition("-")
            return bool(kind) and suffix in _SUFFIXES
    return False


def rules_like(identity: str) -> list[str]:
    """Return the rules that the identity of an unknown rule may stand for.

    Args:
        identity: The identity, or a pattern of identities. Its kind of object is taken as it is.
    """
    words = identity.split("-")
    kinds = {"-".join(words[1:-1]), "-".join(words[2:-1])} - {""}
    of_changes = [f"{v}-{kind}-{suffix}" for v in Verdict for kind in kinds for suffix in _SUFFIXES]
    return [*NOT_OF_CHANGES, *(f"{verdict}-*" for verdict in Verdict), *sorted(of_changes)]


def explained(finding: Finding) -> Rule:
    """Return the rule of a finding in general words, the same for all findings of the rule.

    The object is replaced by its kind ("a column") and every other placeholder by ``…``. If the
    finding's rule is not in the tables, the texts are those of the finding.
    """
    rule = _table_row(finding) or Rule(finding.severity, finding.message, finding.impact)
    kind = finding.address.kind if finding.address else "object"
    article = "an" if kind[0] in "aeio" else "a"
    message = re.sub(r"\{kind\} \{\w+\}", f"{article} {kind}", rule.message)
    message = re.sub(r"\{\w+\}", "…", message)
    return replace(rule, message=message[:1].upper() + message[1:])


def _table_row(finding: Finding) -> Rule | None:
    """Return the row of the tables that a finding was made from."""
    rule = NOT_OF_CHANGES.get(finding.rule)
    if rule is not None or finding.verdict is None or finding.change is None:
        return rule
    suffix = finding.rule.rpartition("-")[2]
    if suffix == finding.change:
        kind = finding.address.kind if finding.address else ""
        return _of_change(finding.verdict, finding.change, kind)
    return UNDECLARED if suffix == UNSAID else NOTED.get(suffix)
