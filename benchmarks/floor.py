"""Sends queries from a file and throws the rows away: the least that reading a catalog can cost.

    python -m benchmarks.floor URL FILE

It imports the driver and nothing of driftcheck.
"""

import json
import sys
from contextlib import closing
from pathlib import Path

import psycopg2


def main() -> None:
    """Send the queries in one transaction."""
    url, file = sys.argv[1:]
    queries = json.loads(Path(file).read_text(encoding="utf-8"))
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for query in queries:
            cursor.execute(query)
            if cursor.description is not None:
                cursor.fetchall()


if __name__ == "__main__":
    main()
