from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Student(db.Model):
    __tablename__ = "students"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(64), nullable=False)


class Book(db.Model):
    __bind_key__ = "library"
    __tablename__ = "books"
    id = db.Column(db.Integer, primary_key=True)
