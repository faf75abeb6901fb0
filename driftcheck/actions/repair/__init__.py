"""``driftcheck repair``: plans how a live database gets back the schema of its migrations."""
