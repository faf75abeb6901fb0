"""What driftcheck is told: the settings and the entries of the ignore list."""
