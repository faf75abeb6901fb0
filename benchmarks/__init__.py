"""How fast driftcheck is, measured as ratios of whole processes in one run."""
