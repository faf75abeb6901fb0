from flask.cli import FlaskGroup
from flask_migrate import Migrate

from app import create_app
from models import db


def create():
    app = create_app()
    Migrate(app, db)
    return app


FlaskGroup(create_app=create)()
