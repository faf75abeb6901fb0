"""How fast driftcheck is, and how much memory it needs, as ratios of commands run in turn."""
