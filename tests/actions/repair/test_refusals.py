"""The command line knows the hazards that a user can allow."""

from driftcheck.actions.repair.refusals import ALLOWABLE, option_name
from driftcheck.cli import applying


def test_hazards_that_can_be_allowed():
    assert tuple(map(option_name, ALLOWABLE)) == applying._HAZARDS
