"""Runs the tutorial's failure and its fix: two developers, two databases, one dropped column."""

from driftcheck.demo.presenter import Presenter
from driftcheck.demo.steps import run_demo

__all__ = ["Presenter", "run_demo"]
