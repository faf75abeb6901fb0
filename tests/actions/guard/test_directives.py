"""A comment in a migration is no operation, and removing operations leaves no empty container."""

from alembic.autogenerate import render_python_code
from alembic.operations import ops
from sqlalchemy import Column, Integer

from driftcheck.actions.guard.directives import add_comment, remove


def script(*directives):
    return ops.MigrationScript("1", ops.UpgradeOps([*directives]), ops.DowngradeOps([]))


def added(name):
    return ops.AddColumnOp("students", Column(name, Integer))


def test_a_comment_leaves_a_migration_empty():
    migration = script()
    add_comment(migration, ["why:", "", "  code"])
    assert migration.upgrade_ops.is_empty()
    assert migration.upgrade_ops.as_diffs() == []
    code = render_python_code(migration.upgrade_ops)
    assert "    # why:\n    #\n    #   code\n    pass\n" in code
    compile(f"if True:\n{code}", "migration", "exec")


def test_a_comment_is_above_the_operations():
    migration = script(added("age"))
    add_comment(migration, ["why"])
    assert not migration.upgrade_ops.is_empty()
    code = render_python_code(migration.upgrade_ops)
    assert "# why\n    op.add_column('students'" in code
    assert "pass" not in code


def test_containers_that_become_empty_are_removed():
    age, city = added("age"), added("city")
    alone = ops.ModifyTableOps("students", [age])
    both = ops.ModifyTableOps("students", [added("age"), city])
    upgrade = ops.UpgradeOps([alone, both])
    remove(upgrade, [age, both.ops[0]])
    assert upgrade.ops == [both]
    assert both.ops == [city]
