"""Where the four snapshots come from: the models, the history, the live database."""
