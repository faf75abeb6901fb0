"""The story itself, step by step, each of which checks that it went as it is told."""

from __future__ import annotations

import re

from driftcheck.demo.developer import Developer
from driftcheck.demo.scene import scene
from driftcheck.demo.teller import Teller
from driftcheck.demo.trimming import of_migration
from driftcheck.errors import CannotCheckError

COLLEAGUES_ERROR = 'column "last_name" of relation "students" already exists'

_BEFORE = ["id", "first_name", "last_name"]
_DROPPED = ["id", "first_name"]
_AFTER = [*_BEFORE, "age"]
_REPAIR = re.compile(r"^ *(ALTER TABLE \S*students ADD COLUMN last_name .+;)$", re.MULTILINE)


def play(teller: Teller) -> None:
    """Play it from start to end.

    Raises:
        CannotCheckError: It went another way, or could not begin.
    """
    teller.say(
        "Two people work on one Flask app, each with a database of their own. All that follows "
        "is run now, on a PostgreSQL server of its own: flask, driftcheck and SQL. Only git is "
        "played, by copying files. What is printed is cut to what matters."
    )
    with scene(teller) as (you, colleague):
        _begin(teller, you)
        _colleague_begins(teller, you, colleague)
        _drop_by_hand(teller, you, colleague)
        _change_the_model(teller, you)
        repair = _compare(teller, you)
        _migrate_regardless(teller, you)
        _colleague_fails(teller, you, colleague)
        _go_back(teller, you, colleague)
        _repair_first(teller, you, colleague, repair)
    teller.say("The server, both databases and both checkouts are gone again.")


def _begin(teller: Teller, you: Developer) -> None:
    teller.step("You write a model, its migration, and run it")
    app = (you.checkout / "app.py").read_text(encoding="utf-8")
    teller.output(app[app.index("class Student") :].rstrip())
    you.run("flask db init")
    you.run("flask db migrate -m 'create students'", says=("added table 'students'",))
    you.run("flask db upgrade", says=("Running upgrade",))
    _require(you, _BEFORE)


def _colleague_begins(teller: Teller, you: Developer, colleague: Developer) -> None:
    teller.step("A colleague does the same")
    colleague.take_from(you)
    colleague.run("flask db upgrade", says=("Running upgrade",))
    _require(colleague, _BEFORE)
    teller.say("Both databases are now what the migrations make.")


def _drop_by_hand(teller: Teller, you: Developer, colleague: Developer) -> None:
    teller.step("You drop a column by hand")
    you.psql("ALTER TABLE students DROP last_name;")
    _require(you, _DROPPED)
    _require(colleague, _BEFORE)
    teller.say(
        f"No migration says so, and nobody else knows. In your database, students has "
        f"{', '.join(you.columns())}; in your colleague's still {', '.join(colleague.columns())}."
    )


def _change_the_model(teller: Teller, you: Developer) -> None:
    teller.step("Later, the model gets a new column: age")
    you.append("    age = db.Column(db.Integer)")
    teller.say("This line in app.py is the only change that you mean to make.")


def _compare(teller: Teller, you: Developer) -> str:
    """Show what driftcheck says, and take the repair from it."""
    teller.step("What driftcheck says now")
    wanted = "drift-column-missing", "pending-column-missing", COLLEAGUES_ERROR
    report = you.run("driftcheck compare", exits=1, says=wanted)
    teller.say(
        "It tells the two apart: age is a change of the model, and last_name is gone by hand. A "
        "migration written now would carry both; the one for last_name is the phantom."
    )
    repair = _REPAIR.search(report)
    if repair is None:
        raise CannotCheckError("the demo went another way: no repair is told", details=report)
    return repair[1]


def _migrate_regardless(teller: Teller, you: Developer) -> None:
    teller.step("Had you not asked: you write the migration")
    wanted = "added column 'students.last_name'", "added column 'students.age'"
    you.run("flask db migrate -m 'add age'", says=wanted)
    teller.say(
        "flask compares the models with your database. It cannot know that last_name was "
        "dropped by hand, takes it for new, and writes both columns into the migration:"
    )
    teller.output(of_migration(you.migration("add age").read_text(encoding="utf-8")))
    you.run("flask db upgrade", says=("Running upgrade",))
    _require(you, _AFTER)
    teller.say("On your database that works, so you commit and push it.")


def _colleague_fails(teller: Teller, you: Developer, colleague: Developer) -> None:
    teller.step("Your colleague pulls and upgrades")
    colleague.take_from(you)
    colleague.run("flask db upgrade", exits=1, says=(COLLEAGUES_ERROR,))
    _require(colleague, _BEFORE)
    teller.say(
        "The error that step 5 told of, and whoever has a database that nobody touched will get "
        "it, production too. Nothing in it leads to what was done by hand on another machine."
    )


def _go_back(teller: Teller, you: Developer, colleague: Developer) -> None:
    teller.step("Back to before that migration")
    you.run("flask db downgrade", says=("Running downgrade",))
    _require(you, _DROPPED)
    migration = you.migration("add age")
    you.remove(migration)
    colleague.remove(migration)


def _repair_first(teller: Teller, you: Developer, colleague: Developer, repair: str) -> None:
    teller.step("This time you do what driftcheck said: repair, then migrate")
    you.psql(repair)
    output = you.run("flask db migrate -m 'add age'", says=("added column 'students.age'",))
    if "last_name" in output:
        raise CannotCheckError("the demo went another way: the repair is none", details=output)
    you.run("flask db upgrade", says=("Running upgrade",))
    colleague.take_from(you)
    colleague.run("flask db upgrade", says=("Running upgrade",))
    _require(you, _AFTER)
    _require(colleague, _AFTER)
    you.run("driftcheck compare")
    teller.say(
        "The migration holds age alone, and it runs everywhere. In a project of yours, run "
        "driftcheck compare before flask db migrate."
    )


def _require(developer: Developer, columns: list[str]) -> None:
    found = developer.columns()
    if found != columns:
        raise CannotCheckError(
            f"the demo went another way: students should have {', '.join(columns)}, "
            f"and has {', '.join(found) or 'nothing'}"
        )
