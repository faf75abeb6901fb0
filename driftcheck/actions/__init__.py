"""What driftcheck does besides checking: one action a file."""
