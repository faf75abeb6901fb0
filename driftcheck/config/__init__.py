"""The settings, and the entries of the ignore list."""
