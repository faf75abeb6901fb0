"""Lets the runs of driftcheck in the tests share one private server, which takes long to start.

A run that is told the URL of such a server makes its shadow databases there as on a private server
of its own: what is not to be trusted runs as a role without rights. Tests of what such SQL can
reach take a private server of their own.
"""

import os
from contextlib import contextmanager

from sqlalchemy.engine import make_url

from driftcheck.databases.postgresql.shadow import private
from driftcheck.databases.postgresql.shadow.maker import PostgresMaker

VARIABLE = "DRIFTCHECK_TESTS_PRIVATE_SERVER"
PROGRAM = "DRIFTCHECK_TESTS_PROGRAM"
"""The file that such a run takes for the program of the server; none by default."""


def variables(maker):
    """The environment of a run that shares the server of a maker."""
    url = maker.server.set(database="postgres").render_as_string(hide_password=False)
    return {VARIABLE: url}


@contextmanager
def used(maker):
    """Have this process share the server of a maker for a while; none changes nothing."""
    before = private.PrivateMaker
    if maker is not None:
        use(variables(maker)[VARIABLE])
    try:
        yield
    finally:
        private.PrivateMaker = before


def use(url):
    """Have this process take the server at a URL for a private one that it has started."""

    class KeptMaker(private.PrivateMaker):
        # Several runs use the server at once, and none takes what another has left.
        keeps_templates = False
        program = os.environ.get(PROGRAM, "")
        _create_database = PostgresMaker._create_database
        _within = PostgresMaker._within

        def __init__(self, how, _installation, facts):
            PostgresMaker.__init__(self, how, make_url(url), facts)

        def release_role(self, _role):
            return False

        def _stop(self):
            pass

    private.PrivateMaker = KeptMaker
