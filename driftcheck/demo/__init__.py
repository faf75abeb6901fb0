"""Plays the tutorial's story for real: two people, two databases, one column dropped by hand."""

from driftcheck.demo.story import play
from driftcheck.demo.teller import Teller

__all__ = ["Teller", "play"]
