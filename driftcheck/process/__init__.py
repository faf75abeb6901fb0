"""The process of a command: its streams, its signals, its deadlines, and what it may print."""
