"""Keeps operations that exist because of drift out of migrations, while they are written.

This is a plugin of Alembic 1.18 and newer, which ``autogenerate_plugins`` enables, and a hook for
older versions. Every Alembic process of an environment with driftcheck imports this module, so it
imports nothing before a migration is made.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.runtime.plugins import Plugin

    from driftcheck.actions.guard.hook import OwnHook

__all__ = ["setup", "wrap"]


def setup(plugin: Plugin) -> None:
    """Register the guard as a plugin. It does nothing unless ``autogenerate_plugins`` names it.

    Args:
        plugin: The plugin that Alembic has created for this module.
    """
    plugin.add_autogenerate_comparator(_put_hook_in_place, "autogenerate", "driftcheck")


def wrap(own_hook: OwnHook | None = None) -> OwnHook:
    """Return a ``process_revision_directives`` that guards migrations.

    Args:
        own_hook: The project's own ``process_revision_directives``, which is called too. A hook
            that this function has returned is returned unchanged.
    """
    return own_hook if isinstance(own_hook, _Hook) else _Hook(own_hook)


class _PluginModule(ModuleType):
    """This module, which is also a collection of one module.

    Alembic 1.18.0 to 1.20.0 iterate over what an entry point of a plugin names, and raise an error
    at their import if they cannot. Newer versions expect a module.
    """

    def __iter__(self) -> Iterator[ModuleType]:
        yield self


sys.modules[__name__].__class__ = _PluginModule


class _Hook:
    """A ``process_revision_directives`` that calls the guard, and the project's own hook.

    Attributes:
        is_driftcheck_guard: Tells ``driftcheck guard`` that a hook is this one.
    """

    is_driftcheck_guard = True

    def __init__(self, own: OwnHook | None) -> None:
        self._own = own

    def __call__(self, context: Any, revision: Any, directives: list[Any]) -> None:
        from driftcheck.process.guard_switch import is_guard_off  # noqa: PLC0415

        if is_guard_off():
            if self._own is not None:
                self._own(context, revision, directives)
            return
        from driftcheck.actions.guard.flask_migrate import own_hook  # noqa: PLC0415
        from driftcheck.actions.guard.hook import guard  # noqa: PLC0415

        guard(context, revision, directives, self._own or own_hook)


def _put_hook_in_place(autogen_context: Any, _upgrade_ops: Any) -> Any:
    """Wrap the hook of the running env.py. Alembic calls it after all comparisons."""
    from alembic.util import PriorityDispatchResult  # noqa: PLC0415

    options = autogen_context.migration_context.opts
    options["process_revision_directives"] = wrap(options.get("process_revision_directives"))
    return PriorityDispatchResult.CONTINUE
