"""Inserts rows into the tables of a shadow database: the part for all types of databases."""
