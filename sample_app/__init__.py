"""The application of the Flask-Migrate tutorial, for Flask-SQLAlchemy 3 and Flask-Migrate 4."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from sample_app.database import database_url
from sample_app.models import db

# An absolute path, so that the commands work in any directory.
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

migrate = Migrate()


def create_app() -> Flask:
    """Create the application."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url()
    db.init_app(app)
    migrate.init_app(app, db, directory=MIGRATIONS)
    return app
