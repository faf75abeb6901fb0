"""Makes findings of faults of the history, the stamp and the models, with their remedies."""
