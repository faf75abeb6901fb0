"""Removes operations from a generated migration, and writes a comment into it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from alembic.autogenerate.render import renderers
from alembic.operations import ops


class CommentOp(ops.OpContainer):
    """A comment in the body of a migration.

    As a container without operations, it is left out by ``alembic check`` and by all that reads
    the operations of a migration.

    Args:
        lines: The lines, without ``#``.
        is_alone: Whether the body has no operation.
    """

    def __init__(self, lines: Sequence[str], *, is_alone: bool) -> None:
        super().__init__()
        self.lines = lines
        self.is_alone = is_alone


@renderers.dispatch_for(CommentOp)
def render_comment(_context: Any, comment: CommentOp) -> list[str]:
    """Return the lines of a comment. A body needs a statement too."""
    lines = [f"# {line}".rstrip() for line in comment.lines]
    return [*lines, "pass"] if comment.is_alone else lines


class _CommentedOps(ops.UpgradeOps):
    """The body of a migration with a comment, which is empty if it has no operation."""

    def is_empty(self) -> bool:
        """Return whether there is no operation: the hook of Flask-Migrate asks this."""
        return all(isinstance(directive, CommentOp) for directive in self.ops)


def add_comment(script: ops.MigrationScript, lines: Sequence[str]) -> None:
    """Write a comment at the start of the last upgrade of a migration, which is of one database."""
    upgrade = script.upgrade_ops_list[-1]
    comment = CommentOp(lines, is_alone=upgrade.is_empty())
    script.upgrade_ops_list[-1] = _CommentedOps([comment, *upgrade.ops], upgrade.upgrade_token)


def remove(container: ops.OpContainer, unwanted: Iterable[Any]) -> None:
    """Remove operations from a container, and the containers that become empty."""
    _remove(container, {id(directive) for directive in unwanted})


def _remove(container: ops.OpContainer, unwanted: Collection[int]) -> None:
    kept = []
    for directive in container.ops:
        if id(directive) in unwanted:
            continue
        if isinstance(directive, ops.OpContainer) and not directive.is_empty():
            _remove(directive, unwanted)
            if directive.is_empty():
                continue
        kept.append(directive)
    container.ops[:] = kept
