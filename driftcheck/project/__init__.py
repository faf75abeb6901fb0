"""Loads a project and runs its code with every connection redirected."""
