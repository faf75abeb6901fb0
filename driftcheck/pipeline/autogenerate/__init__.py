"""Runs autogenerate on shadow databases, and keeps what it writes."""
