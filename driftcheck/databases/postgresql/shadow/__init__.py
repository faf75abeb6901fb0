"""Shadow databases on PostgreSQL servers."""
