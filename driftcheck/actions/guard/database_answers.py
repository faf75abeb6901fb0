"""Gets what is known of the database with which autogenerate compares the models."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from driftcheck.actions.guard.child import ask
from driftcheck.actions.guard.project_options import project_options
from driftcheck.config.settings import Settings
from driftcheck.databases.location import database_key_of, own_url, shown
from driftcheck.errors import CannotCheckError
from driftcheck.judging.guard_answer import Answer, DatabaseAnswer
from driftcheck.process.masking import learn_url
from driftcheck.sources.files import source_directories

_answers: WeakKeyDictionary[Any, Answer] = WeakKeyDictionary()
"""The answer of each run of env.py. One answer is about all databases of the project."""

_OF_ONE_DATABASE = "upgrades"
"""The variable of the template for the operations, if env.py names no other one."""

_NAME_THE_PROJECT = (
    "Name the project's Alembic configuration with config in [tool.driftcheck] of pyproject.toml."
)


def database_answer(context: Any, settings: Settings) -> DatabaseAnswer:
    """Return what is known of a database.

    Args:
        context: The migration context of the database, as env.py configures it.
        settings: The settings from the project's ``pyproject.toml``.

    Raises:
        CannotCheckError: It is not known.
    """
    key = database_key_of(context.connection.engine.url)
    environment = context.environment_context
    if environment not in _answers:
        _answers[environment] = _ask(context, settings)
    answer = _answers[environment]
    directories = {str(path) for path in source_directories(context.script)}
    if directories != set(answer.directories):
        raise CannotCheckError(
            f"driftcheck finds another history than this one: {_listed(answer.directories)}",
            hint=_NAME_THE_PROJECT,
        )
    if not answer.databases:
        return DatabaseAnswer(key)
    found = next((each for each in answer.databases if each.database_key == key), None)
    if found is None:
        url = shown(context.connection.engine.url)
        raise CannotCheckError(f"driftcheck does not find {url} among the project's databases")
    if found.not_known:
        raise CannotCheckError(found.not_known, hint="driftcheck compare says more.")
    return found


def has_tokens(context: Any) -> bool:
    """Return whether env.py gives each of several databases its own part of a migration."""
    return bool(context.opts["upgrade_token"] != _OF_ONE_DATABASE)


def _ask(context: Any, settings: Settings) -> Answer:
    """Run the check. One database is named by its URL, which makes a quick check possible."""
    options = project_options(context.environment_context.config, settings)
    if has_tokens(context):
        return ask(options, None)
    url = own_url(context.connection.engine.url).render_as_string(hide_password=False)
    learn_url(url)
    return ask(options, url)


def _listed(directories: tuple[str, ...]) -> str:
    return ", ".join(directories) or "none"
