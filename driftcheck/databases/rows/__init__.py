"""Puts rows into the tables of a shadow database: what does not depend on the database."""
