import os
from pathlib import Path

names = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME"}
lines = [f"{key}={os.environ['DATABASE_' + name]}" for key, name in names.items()]
Path("pg_service.conf").write_text("\n".join(["[school]", *lines, ""]))
