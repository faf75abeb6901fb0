"""Finds the one cause of many findings."""
