"""Tries the plan of a repair on SQLite, MySQL and MariaDB, where its effects are not measured.

There, nothing says which tables a step has locked or rewritten. So the statements run one after the
other on a copy of the whole schema, and the result is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import DriftcheckError
from driftcheck.pipeline.repairs.plan_proof import Proof, prove, runs_on_copies
from driftcheck.pipeline.repairs.repair_trial import Trial, TrialInput
from driftcheck.pipeline.repairs.stored_code import users_of_stored_code

_NUMBERS_OF_ROWS = (3, 1, 0)
"""The numbers of generated rows in each table. The server may refuse a step because of them."""


def try_on_whole_copy(tried: TrialInput, create: Callable[[], ShadowDatabase]) -> Trial:
    """Try a plan on a copy of the whole schema, with as many rows as possible.

    The copy has no stored code of the live database, and no views that use it. Steps about these
    are not run, and have no effects in the result.

    Args:
        tried: The plan.
        create: Creates an empty restricted shadow.
    """
    left_out = users_of_stored_code(tried.wanted, tried.actual)
    run = {
        index: step
        for index, step in enumerate(tried.plan.steps)
        if step.address not in left_out and runs_on_copies(step, tried.wanted)
    }
    tried = replace(
        tried,
        plan=replace(tried.plan, steps=tuple(run.values())),
        wanted=tried.wanted.only(lambda obj: obj.address not in left_out),
        actual=tried.actual.only(lambda obj: obj.address not in left_out),
    )
    effects = dict.fromkeys(run)
    trial = Trial(Proof())
    for rows in _NUMBERS_OF_ROWS:
        trial = Trial(_prove(tried, create, rows), effects, has_rows=rows > 0)
        if not trial.proof.refused:
            break
    return trial


def _prove(tried: TrialInput, create: Callable[[], ShadowDatabase], rows: int) -> Proof:
    try:
        shadow = create()
    except DriftcheckError as error:
        return Proof(not_tried=str(error))
    try:
        return prove(tried.plan, (tried.wanted, tried.actual), shadow, tried.maker, rows)
    except DriftcheckError as error:
        return Proof(not_tried=str(error))
    finally:
        shadow.drop()
