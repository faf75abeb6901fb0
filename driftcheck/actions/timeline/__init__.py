"""``driftcheck history`` and ``driftcheck blame``: the schema changes of each revision."""
