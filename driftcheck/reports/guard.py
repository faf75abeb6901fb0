"""Writes what the guard of ``migrate`` has found: messages, and the comment in a migration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill, indent, wrap

from driftcheck.judging.findings import Remedy
from driftcheck.judging.guard_answer import DriftFinding, PhantomText
from driftcheck.reports.visible import visible

_WIDTH = 80
_COMMENT_WIDTH = 90
_MOST = 20
_WITH_REMEDIES = 3


def summary(phantoms: Sequence[PhantomText], real: Sequence[str]) -> str:
    """Return the number of operations that exist because of drift, as a part of a sentence."""
    total, count = len(phantoms) + len(real), len(phantoms)
    verb = "exists" if count == 1 else "exist"
    return f"{count} of {_operations(total)} {verb} because of drift"


def explanation(
    phantoms: Sequence[PhantomText], real: Sequence[str], database: str, faults: Sequence[str] = ()
) -> str:
    """Return a text that tells the operations of drift apart from the others, with remedies.

    Args:
        phantoms: The operations that exist because of drift.
        real: The other operations.
        database: The URL of the database, without a password.
        faults: The errors of the project that the check has found. They may be the cause.
    """
    blocks = [
        f"driftcheck: {summary(phantoms, real)}, not because of a model change.",
        f"The drift is in {visible(database)}.",
    ]
    blocks += [
        f"Another error may be the cause of the drift: {visible(fault)}." for fault in faults
    ]
    findings = [*dict.fromkeys(each.finding for each in phantoms)]
    for number, finding in enumerate(findings):
        own = [each for each in phantoms if each.finding == finding]
        blocks += _block(own, finding, with_remedies=number < _WITH_REMEDIES)
    if len(findings) > _WITH_REMEDIES or not all(each.remedies for each in findings):
        blocks.append("driftcheck compare shows more.")
    if real:
        subject = "The other operation is" if len(real) == 1 else "The other operations are"
        blocks += [f"{subject} not there because of drift:", *_code(real)]
    return "\n\n".join(blocks)


def refused(phantoms: Sequence[PhantomText], *, by_strip: bool) -> str:
    """Return what to do after a migration was refused.

    Args:
        phantoms: The operations that exist because of drift.
        by_strip: Whether the operations could not be left out, although the mode is ``strip``.
    """
    text = "No migration was written. Repair or adopt the drift, then run the command again."
    if by_strip:
        text += (
            " The operations of drift cannot be left out: the models change the same objects, so "
            "the migration would be incomplete."
        )
    elif not any(each.needed for each in phantoms):
        text += " To leave out what drift causes, set DRIFTCHECK_GUARD=strip for the command."
    return fill(text, _WIDTH)


WARNED = "The guard has left the migration as it is, because its mode is warn."
STRIPPED = "The guard has left these operations out of the migration, because its mode is strip."


def stripped_comment(phantoms: Sequence[PhantomText]) -> list[str]:
    """Return the lines of the comment in a migration without the operations of drift."""
    is_one = len(phantoms) == 1
    which, them = ("which exists", "it") if is_one else ("which exist", "them")
    head = (
        f"driftcheck has left out {_operations(len(phantoms))}, {which} because of drift in the "
        "database with which the models were compared. A database that the migrations have made "
        f"does not need {them}."
    )
    lines = wrap(head, _COMMENT_WIDTH)
    for finding in dict.fromkeys(each.finding for each in phantoms):
        own = [each.operation for each in phantoms if each.finding == finding]
        lines += ["", *(f"    {visible(line)}" for text in own for line in text.splitlines())]
        lines += ["", *wrap(visible(f"Drift: {finding.message}."), _COMMENT_WIDTH)]
    return lines


def not_judged(message: str, hint: str, *, required: bool) -> str:
    """Return the message for a guard that cannot work.

    Args:
        message: The reason.
        hint: What to do about it.
        required: Whether nothing may be written then.
    """
    consequence = (
        "No migration was written, because the guard is required."
        if required
        else "Check that no operation of the migration exists because of drift."
    )
    lines = [f"driftcheck: the guard could not check this migration: {visible(message)}"]
    lines += [visible(line) for line in hint.splitlines()]
    return "\n".join([*lines, consequence])


def _block(
    phantoms: Sequence[PhantomText], finding: DriftFinding, *, with_remedies: bool
) -> Iterator[str]:
    """Yield the operations of one finding, then what is known of it."""
    yield from _code([each.operation for each in phantoms])
    texts = [finding.message, *finding.causes]
    yield "\n".join(_paragraph(text) for text in texts)
    if finding.colleague_error:
        yield _paragraph(f"On a database without this drift, this fails: {finding.colleague_error}")
    needed = [text for each in phantoms for text in each.needed]
    if needed:
        yield _paragraph("The models change the same object. Without the drift, migrate writes:")
        yield from _code(dict.fromkeys(needed))
    if with_remedies:
        yield from map(_remedy, finding.remedies)


def _remedy(remedy: Remedy) -> str:
    name = remedy.name[:1].upper() + remedy.name[1:] + " (loses data)" * remedy.loses_data
    head = _paragraph(f"{name}: {remedy.summary}")
    code = visible(remedy.code, keep="\n")
    return f"{head}\n\n{indent(code, '      ')}" if code else head


def _code(texts: Iterable[str]) -> Iterator[str]:
    """Yield operations as one block, at most as many as fit on a screen."""
    shown = [*texts]
    lines = [visible(text, keep="\n") for text in shown[:_MOST]]
    if len(shown) > _MOST:
        lines.append(f"… and {_operations(len(shown) - _MOST)} more")
    yield indent("\n".join(lines), "  ")


def _paragraph(text: str) -> str:
    lines = visible(text, keep="\n").splitlines()
    return "\n".join(
        indent(fill(line, _WIDTH - 4, break_long_words=False), "    ") for line in lines
    )


def _operations(count: int) -> str:
    return f"{count} operation" if count == 1 else f"{count} operations"
