"""Builds the four snapshots: from the models, the history and the live database."""
