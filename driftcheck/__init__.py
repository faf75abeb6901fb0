"""driftcheck tells apart what models, migrations and database each say of a schema."""

__version__ = "0.1.0"
