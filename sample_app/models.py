"""The models: one table of students."""

from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Student(db.Model):
    """A student."""

    __tablename__ = "students"

    # `db.Column`, as in the tutorial: it works on SQLAlchemy 1.4 too.
    id = db.Column(db.Integer, primary_key=True)
    first_name = db.Column(db.String(64), nullable=False)
    last_name = db.Column(db.String(64), nullable=False)
