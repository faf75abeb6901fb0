"""Reads the members of a fleet on the workers of a Dask scheduler.

Source: the documentation of Dask.distributed, "Concurrent.futures" and "Resilience".
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from driftcheck.actions.fleet.pool import Limits
from driftcheck.actions.fleet.run import Workers
from driftcheck.errors import CannotCheckError, ConfigurationError

_CONNECT_SECONDS = 10
_LOGGERS = ("distributed", "tornado")
_NO_WORKERS = (
    "Start workers: dask worker ADDRESS. driftcheck must be installed in their environment."
)


@contextmanager
def dask_workers(address: str, limits: Limits) -> Iterator[Workers]:
    """Connect to a scheduler. If a worker is lost, the scheduler gives its jobs to others.

    Args:
        address: The address of the scheduler: ``tcp://host:8786``.
        limits: How many members are read at the same time.

    Raises:
        ConfigurationError: Dask is not installed.
        CannotCheckError: The scheduler cannot be reached, or has no workers.
    """
    try:
        distributed: Any = import_module("distributed")  # an extra
    except ImportError:
        raise ConfigurationError(
            "--scheduler needs Dask, which is not installed",
            hint="Install it here and on every worker: pip install 'driftcheck[dask]'",
        ) from None
    _silence()
    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise CannotCheckError(
            f"the Dask scheduler {address} cannot be reached",
            hint="Check that it runs, and the address: --scheduler tcp://host:8786.",
            details=str(error),
        ) from None
    try:
        require = partial(_require_workers, client, address)
        require()
        yield Workers(client.get_executor(pure=False), limits, require)
    finally:
        client.close()


def _silence() -> None:
    """Stop the log messages of Dask: a lost connection is an error that driftcheck reports."""
    for name in [*logging.root.manager.loggerDict]:
        if name.partition(".")[0] in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _require_workers(client: Any, address: str) -> None:
    """Require that the scheduler has a worker.

    Raises:
        CannotCheckError: It has none, or it is gone.
    """
    try:
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except (OSError, TimeoutError):
        raise CannotCheckError(
            f"the Dask scheduler {address} has no workers", hint=_NO_WORKERS
        ) from None
