"""Measures the steps of a comparison in this process, and prints them as JSON.

python -m benchmarks.steps FIRST_URL SECOND_URL
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from io import StringIO
from typing import Any

from sqlalchemy.engine import make_url

from driftcheck.databases.reading import Scope
from driftcheck.judging.comparison import compare
from driftcheck.sources.live import read_live, reading
from driftcheck.storage.snapshot_file import SnapshotFile, digest, dump, load


def main() -> None:
    """Read two databases, and compare, digest, write and load what was read."""
    first, second = map(make_url, sys.argv[1:])
    scope, spent = Scope(dependencies=False), {}

    def step(name: str, work: Callable[[], Any]) -> Any:
        begin = time.process_time()
        result = work()
        spent[name] = time.process_time() - begin
        return result

    with reading(first):  # the first connection imports the driver
        import_module("deepdiff")  # which a comparison imports for the first change
    wanted = step("read", lambda: read_live(first, (), scope).snapshot)
    actual = step("read second", lambda: read_live(second, (), scope).snapshot.sharing(wanted))
    step("compare", lambda: compare(wanted, actual, same_lineage=True))
    step("digest", lambda: digest(wanted))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    text = step("dump", lambda: dump(SnapshotFile(wanted, ())))
    step("load", lambda: load(StringIO(text)))
    print(json.dumps({"objects": len(wanted.objects), "memory": memory, "spent": spent}))


if __name__ == "__main__":
    main()
