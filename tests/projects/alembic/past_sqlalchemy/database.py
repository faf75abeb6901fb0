import os
import sys

import psycopg2

url = os.environ["DATABASE_URL"]

if not sys.argv[0].endswith("bin/alembic"):
    connection = psycopg2.connect(
        host=os.environ["DATABASE_HOST"],
        port=os.environ["DATABASE_PORT"],
        user=os.environ["DATABASE_USER"],
        dbname=os.environ["DATABASE_NAME"],
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO visits VALUES (now())")
