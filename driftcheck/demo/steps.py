"""The steps of the demo. Each step checks its result."""

from __future__ import annotations

import re

from driftcheck.demo.developer import Developer
from driftcheck.demo.environment import demo_environment
from driftcheck.demo.excerpts import migration_excerpt
from driftcheck.demo.presenter import Presenter
from driftcheck.errors import CannotCheckError

COLLEAGUES_ERROR = 'column "last_name" of relation "students" already exists'

_BEFORE = ["id", "first_name", "last_name"]
_DROPPED = ["id", "first_name"]
_AFTER = [*_BEFORE, "age"]
_REPAIR = re.compile(r"^ *(ALTER TABLE \S*students ADD COLUMN last_name .+;)$", re.MULTILINE)


def run_demo(presenter: Presenter) -> None:
    """Run all steps.

    Raises:
        CannotCheckError: A step had another result than it should have.
        ShadowError: No PostgreSQL server can be started.
    """
    presenter.explain(
        "Two developers work on one Flask app. Each has a database. All commands below are "
        "really run, on a private PostgreSQL server: flask, driftcheck and SQL. Git is replaced "
        "by copying files. Output is shortened."
    )
    with demo_environment(presenter) as (you, colleague):
        _create_table(presenter, you)
        _colleague_upgrades(presenter, you, colleague)
        _drop_column(presenter, you, colleague)
        _change_the_model(presenter, you)
        repair = _compare(presenter, you)
        _migrate_with_drift(presenter, you)
        _colleague_fails(presenter, you, colleague)
        _undo_migration(presenter, you, colleague)
        _repair_first(presenter, you, colleague, repair)
    presenter.explain("The server, both databases and both checkouts have been removed.")


def _create_table(presenter: Presenter, you: Developer) -> None:
    presenter.step("You write a model and its migration, and upgrade")
    app = (you.checkout / "app.py").read_text(encoding="utf-8")
    presenter.output(app[app.index("class Student") :].rstrip())
    you.run("flask db init")
    you.run("flask db migrate -m 'create students'", prints=("added table 'students'",))
    you.run("flask db upgrade", prints=("Running upgrade",))
    _require(you, _BEFORE)


def _colleague_upgrades(presenter: Presenter, you: Developer, colleague: Developer) -> None:
    presenter.step("Your colleague upgrades")
    colleague.copy_from(you)
    colleague.run("flask db upgrade", prints=("Running upgrade",))
    _require(colleague, _BEFORE)
    presenter.explain("Both databases now have the schema of the migrations.")


def _drop_column(presenter: Presenter, you: Developer, colleague: Developer) -> None:
    presenter.step("You drop a column in psql")
    you.psql("ALTER TABLE students DROP last_name;")
    _require(you, _DROPPED)
    _require(colleague, _BEFORE)
    presenter.explain(
        f"No migration drops the column. In your database, students has "
        f"{', '.join(you.columns())}. In your colleague's database, it still has "
        f"{', '.join(colleague.columns())}."
    )


def _change_the_model(presenter: Presenter, you: Developer) -> None:
    presenter.step("Later, you add a column to the model: age")
    you.append("    age = db.Column(db.Integer)")
    presenter.explain("This line in app.py is the only change that you intend.")


def _compare(presenter: Presenter, you: Developer) -> str:
    """Run driftcheck, and return the repair that it suggests."""
    presenter.step("You run driftcheck compare")
    expected = "drift-column-missing", "pending-column-missing", COLLEAGUES_ERROR
    report = you.run("driftcheck compare", exit_code=1, prints=expected)
    presenter.explain(
        "driftcheck reports two findings: age is a change of the model without a migration, and "
        "last_name was dropped outside the migrations. A migration written now would add both "
        "columns. The operation for last_name is a phantom operation."
    )
    repair = _REPAIR.search(report)
    if repair is None:
        raise CannotCheckError("the demo failed: the report has no repair", details=report)
    return repair[1]


def _migrate_with_drift(presenter: Presenter, you: Developer) -> None:
    presenter.step("Without driftcheck: you write the migration")
    expected = "added column 'students.last_name'", "added column 'students.age'"
    you.run("flask db migrate -m 'add age'", prints=expected)
    presenter.explain(
        "flask db migrate compares the models with your database. last_name is in the models and "
        "not in your database, so the migration adds both columns:"
    )
    presenter.output(migration_excerpt(you.migration("add age").read_text(encoding="utf-8")))
    you.run("flask db upgrade", prints=("Running upgrade",))
    _require(you, _AFTER)
    presenter.explain("The migration runs on your database, so you commit and push it.")


def _colleague_fails(presenter: Presenter, you: Developer, colleague: Developer) -> None:
    presenter.step("Your colleague pulls and upgrades")
    colleague.copy_from(you)
    colleague.run("flask db upgrade", exit_code=1, prints=(COLLEAGUES_ERROR,))
    _require(colleague, _BEFORE)
    presenter.explain(
        "driftcheck predicted this error in step 5. Every database that still has the column gets "
        "it, production included. The error does not name the cause: a column that was dropped "
        "in another database."
    )


def _undo_migration(presenter: Presenter, you: Developer, colleague: Developer) -> None:
    presenter.step("You undo the migration")
    you.run("flask db downgrade", prints=("Running downgrade",))
    _require(you, _DROPPED)
    migration = you.migration("add age")
    you.remove(migration)
    colleague.remove(migration)


def _repair_first(presenter: Presenter, you: Developer, colleague: Developer, repair: str) -> None:
    presenter.step("You repair your database first, then migrate")
    you.psql(repair)
    output = you.run("flask db migrate -m 'add age'", prints=("added column 'students.age'",))
    if "last_name" in output:
        raise CannotCheckError("the demo failed: the repair has no effect", details=output)
    you.run("flask db upgrade", prints=("Running upgrade",))
    colleague.copy_from(you)
    colleague.run("flask db upgrade", prints=("Running upgrade",))
    _require(you, _AFTER)
    _require(colleague, _AFTER)
    you.run("driftcheck compare")
    presenter.explain(
        "The migration adds only age, and runs on every database. In your own project, run "
        "driftcheck compare before flask db migrate."
    )


def _require(developer: Developer, columns: list[str]) -> None:
    actual = developer.columns()
    if actual != columns:
        raise CannotCheckError(
            f"the demo failed: students should have {', '.join(columns)}, "
            f"and has {', '.join(actual) or 'nothing'}"
        )
