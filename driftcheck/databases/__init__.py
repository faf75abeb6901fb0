"""One package for each database, behind one protocol."""
