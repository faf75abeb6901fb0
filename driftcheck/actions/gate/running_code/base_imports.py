"""Has Python import the modules of the base from its checkout, and not those of the working tree.

A project that is installed in editable mode is imported from its working tree, wherever Python is
started. So every module that would come from the working tree is looked up in the checkout instead.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

import driftcheck

_OWN = Path(driftcheck.__file__).resolve().parent


class BaseImports(MetaPathFinder):
    """Finds modules as Python does, and replaces those of the working tree.

    Args:
        repository: The root of the repository's working tree.
        checkout: The directory with the files of the base.
    """

    def __init__(self, repository: Path, checkout: Path) -> None:
        self._repository = repository.resolve()
        self._checkout = checkout.resolve()
        prefix = Path(sys.prefix).resolve()  # an environment may be in the working tree
        is_inside = prefix.is_relative_to(self._repository)
        self._not_replaced = [_OWN, self._checkout, *([prefix] if is_inside else [])]

    def install(self) -> None:
        """Look up all modules from now on."""
        sys.path[:] = [str(self.replaced(Path(entry)) or entry) for entry in sys.path]
        sys.meta_path.insert(0, self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a module, in the checkout if it belongs to the project.

        Raises:
            ModuleNotFoundError: It belongs to the project, and the base does not have it.
        """
        # Only the finders that follow: others may ask their followers too, and would ask this one.
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            if not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                return self._of_base(spec)
        return None

    def replaced(self, path: Path) -> Path | None:
        """Return the path in the checkout of a path in the working tree; ``None`` for others."""
        resolved = path.resolve()
        if not resolved.is_relative_to(self._repository):
            return None
        if any(resolved.is_relative_to(place) for place in self._not_replaced):
            return None
        if "site-packages" in resolved.parts:
            return None
        return self._checkout / resolved.relative_to(self._repository)

    def _of_base(self, spec: ModuleSpec) -> ModuleSpec:
        locations = spec.submodule_search_locations
        if spec.origin is None or not spec.has_location:
            if locations is not None:  # a namespace package
                places = [str(self.replaced(Path(place)) or place) for place in locations]
                spec.submodule_search_locations = [p for p in places if Path(p).exists()]
            return spec
        file = self.replaced(Path(spec.origin))
        if file is None:
            return spec
        found = None
        if file.exists():
            package = None if locations is None else [str(file.parent)]
            found = spec_from_file_location(spec.name, file, submodule_search_locations=package)
        if found is None:
            raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name)
        return found
