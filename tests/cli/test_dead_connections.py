"""Servers that accept a connection and then answer no more: every command ends, and says so."""

import time

import pytest

from driftcheck.storage.cache_directory import VARIABLE
from tests.proxy import AFTER_LOGIN, AT_ONCE, NONE, Fault, Proxy

FAULTS = {
    "silent at once": Fault("silence", AT_ONCE),
    "silent after login": Fault("silence", AFTER_LOGIN),
    "trickling login": Fault("trickle", AT_ONCE),
    "trickling rows": Fault("trickle", AFTER_LOGIN),
    "reset at once": Fault("reset", AT_ONCE),
    "reset after login": Fault("reset", AFTER_LOGIN),
}
TIMEOUT = "1"
PATIENT = "30"
LONGEST = 30
"""Seconds for a run: a few times the limit, and a loaded machine."""


@pytest.fixture
def run(pg_school, tmp_path):
    """Run a command with a short limit; it must end soon and without a traceback."""

    def run(*arguments, shadow=pg_school.shadow, timeout=TIMEOUT):
        begun = time.monotonic()
        result = pg_school.project.run(
            *arguments,
            **{"DRIFTCHECK_TIMEOUT": timeout, "DRIFTCHECK_SHADOW": shadow, VARIABLE: str(tmp_path)},
        )
        assert time.monotonic() - begun < LONGEST
        assert "Traceback" not in result.stderr
        return result

    run.shadow = pg_school.shadow
    run.project = pg_school.project
    return run


IN_EVERY_RUN = ("silent after login", "trickling rows")


@pytest.fixture(
    params=[
        pytest.param(fault, id=name, marks=() if name in IN_EVERY_RUN else pytest.mark.soak)
        for name, fault in FAULTS.items()
    ]
)
def fault(request):
    return request.param


def told(result, fault):
    assert result.status == 3, result.stdout + result.stderr
    assert result.stdout == ""
    said = {"silence": "did not answer within", "trickle": "did not answer within"}
    assert said.get(fault.kind, "driftcheck: ") in result.stderr or "timeout" in result.stderr


def test_compare(run, fault):
    with Proxy(run.project.live.url, lambda _: fault) as proxy:
        told(run("compare", "-d", proxy.url), fault)


def test_the_quick_check(run, fault):
    arguments = ("compare", "--only-gap", "drift", "-d")
    with Proxy(run.project.live.url, lambda _: fault if run.is_filled else NONE) as proxy:
        run.is_filled = False
        assert run(*arguments, proxy.url, timeout=PATIENT).status == 0
        run.is_filled = True
        told(run(*arguments, proxy.url), fault)


@pytest.mark.parametrize("command", ["snapshot", "diff", "shadow"])
@pytest.mark.parametrize("fault", [FAULTS["silent after login"]], ids=["silent after login"])
def test_other_commands(run, fault, command, tmp_path):
    with Proxy(run.project.live.url, lambda _: fault) as proxy:
        match command:
            case "snapshot":
                file = str(tmp_path / "base.json")
                told(run("snapshot", "--write", file, "-d", proxy.url), fault)
            case "diff":
                told(run("diff", run.project.url, proxy.url), fault)
            case "shadow":
                told(run("compare", shadow=proxy.url.replace("/test", "/x")), fault)
