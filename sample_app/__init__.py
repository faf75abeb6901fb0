"""The Flask-Migrate tutorial's application, as Flask-SQLAlchemy 3 and Flask-Migrate 4 write it."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from sample_app.database import database_url
from sample_app.models import db

# An absolute path, so that the commands work from any directory.
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

migrate = Migrate()


def create_app() -> Flask:
    """Make the application, connected to its database."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url()
    db.init_app(app)
    migrate.init_app(app, db, directory=MIGRATIONS)
    return app
