"""Runs commands as in the tutorial: ``python manage.py db upgrade``."""

import sys
from pathlib import Path

from flask.cli import FlaskGroup

# Python searches the directory of a script; the package is in its parent directory.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from sample_app import create_app  # noqa: E402 - it needs sys.path

cli = FlaskGroup(create_app=create_app)

if __name__ == "__main__":
    cli()
