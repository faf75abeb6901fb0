"""``driftcheck compare``: compares models, head, stamped and live."""
