"""The cache directory, snapshot files, and the names and marks of temporary databases and files."""
