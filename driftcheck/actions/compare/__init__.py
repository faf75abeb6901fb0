"""``driftcheck compare``: the check of one project."""
