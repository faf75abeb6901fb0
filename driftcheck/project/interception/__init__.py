"""Refuses attempts of user code to reach a live database without SQLAlchemy.

``interceptor.py`` installs and removes all hooks. Each other module covers one way to a database.
"""
