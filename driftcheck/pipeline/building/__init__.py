"""Builds schemas in shadow databases: from the history, from templates and from the models."""
