"""The models: one table of students."""

from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Student(db.Model):
    """A student."""

    __tablename__ = "students"

    # `db.Column` as in the tutorial; it also works with SQLAlchemy 1.4.
    id = db.Column(db.Integer, primary_key=True)
    first_name = db.Column(db.String(64), nullable=False)
    last_name = db.Column(db.String(64), nullable=False)
