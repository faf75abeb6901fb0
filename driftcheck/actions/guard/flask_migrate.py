"""Does what Flask-Migrate does without a hook of the project: it writes no empty migration.

The env.py of Flask-Migrate has a hook for this, and uses it only if the app configures none.
Source: ``process_revision_directives`` in Flask-Migrate's templates ``flask`` and
``flask-multidb``.
"""

from __future__ import annotations

import logging
from typing import Any

from driftcheck.actions.guard.database_answers import has_tokens
from driftcheck.actions.guard.project_options import is_flask_migrate


def own_hook(context: Any, _revision: Any, directives: list[Any]) -> None:
    """Remove an empty migration, if Flask-Migrate is running its command ``migrate``."""
    config = context.environment_context.config
    is_migrate = is_flask_migrate(config) and getattr(config.cmd_opts, "autogenerate", False)
    if not is_migrate or not directives:
        return
    parts = directives[0].upgrade_ops_list
    if len(parts) >= _database_count(context) and all(part.is_empty() for part in parts):
        directives[:] = []
        logging.getLogger("alembic.env").info("No changes in schema detected.")


def _database_count(context: Any) -> int:
    """Return how many parts a migration has when env.py has configured all databases."""
    from flask import current_app  # noqa: PLC0415  (Alembic needs none)

    if not has_tokens(context):
        return 1
    binds = current_app.config.get("SQLALCHEMY_BINDS")
    if binds is None:  # databases of Alchemical
        bind_names = getattr(current_app.extensions["migrate"].db, "bind_names", list)
        binds = bind_names()
    return len(binds) + 1
