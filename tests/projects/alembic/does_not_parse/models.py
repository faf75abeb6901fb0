from sqlalchemy import Column

class Student(
