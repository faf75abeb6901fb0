"""driftcheck tells apart what the models, the migrations and the database each say of the schema."""

__version__ = "0.1.0"
