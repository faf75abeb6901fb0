"""A project that was loaded, with what a command works with."""

from __future__ import annotations

from dataclasses import dataclass

from driftcheck.config.settings import Settings
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.progress import Progress
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.declarations import Declarations


@dataclass(frozen=True)
class OpenedProject:
    """A project whose connections lead to shadow databases.

    Attributes:
        loaded: The loaded project.
        shadows: Creates the project's shadow databases.
        declarations: The lines on which the tables of the models are declared.
        settings: The settings.
        progress: Called with a short description of each step.
    """

    loaded: LoadedProject
    shadows: Shadows
    declarations: Declarations
    settings: Settings
    progress: Progress
