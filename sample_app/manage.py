"""The tutorial's own way to run the commands: ``python manage.py db upgrade``."""

import sys
from pathlib import Path

from flask.cli import FlaskGroup

# A script finds modules beside itself; the package is one directory up.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from sample_app import create_app  # noqa: E402 - it needs the path

cli = FlaskGroup(create_app=create_app)

if __name__ == "__main__":
    cli()
