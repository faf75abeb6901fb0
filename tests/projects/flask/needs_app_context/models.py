from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Table, event
from sqlalchemy.engine import Engine

db = SQLAlchemy()


@event.listens_for(Table, "after_parent_attach")
def log_table_of_migration(table, metadata):
    if metadata is not db.metadata:
        current_app.logger.debug("a migration is about %s", table.name)


@event.listens_for(Engine, "before_cursor_execute")
def log_statement(_connection, _cursor, statement, *_):
    current_app.logger.debug(statement)


class Student(db.Model):
    __tablename__ = "students"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(64), nullable=False)
