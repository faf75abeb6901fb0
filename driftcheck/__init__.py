"""driftcheck compares SQLAlchemy models, Alembic migrations and the live database."""

__version__ = "0.1.0"
