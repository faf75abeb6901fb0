"""Defines the callback that reports the progress of a command."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Called with a short description of each step before it begins."""
