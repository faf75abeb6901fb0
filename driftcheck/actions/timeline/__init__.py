"""``driftcheck history`` and ``driftcheck blame``: what revisions do to the schema."""
