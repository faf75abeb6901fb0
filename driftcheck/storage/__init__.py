"""Files that driftcheck keeps: its cache directory and snapshot files."""
