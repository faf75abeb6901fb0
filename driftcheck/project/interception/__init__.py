"""Refuses whatever user code does to reach a live database past SQLAlchemy.

``interceptor.py`` puts everything on and off; each other module is about one way to a database.
"""
