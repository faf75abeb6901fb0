"""Remembers that a full check has found nothing, and what this result depends on.

The result of a check depends on the project's code, its surroundings, the history, the settings and
the live database. If all of them are the same, the check would find nothing again. Nothing is
remembered of a check with findings: they have facts that may change, such as the number of rows.

Nothing here imports SQLAlchemy: this import would take longer than a quick check.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from driftcheck.actions.compare.project_url import PasswordPlace, ProjectURL
from driftcheck.chain import Gap
from driftcheck.project.inputs import Inputs, surroundings
from driftcheck.storage.entries import Entries, key_of


@dataclass(frozen=True)
class InStep:
    """A full check that has found nothing.

    Attributes:
        state: ``CachedCheck.state`` at this check.
        environment: The path of env.py.
        inputs: What the project's code has read during the whole check, and the programs of the
            servers that the shadow databases were on.
        project_url: The URL of the project's own database, with the same inputs; ``None`` if it
            cannot be known without the project's code.
    """

    state: str
    environment: str
    inputs: Inputs
    project_url: ProjectURL | None


def known_in_step(settings_digest: str, gaps: tuple[Gap, ...]) -> InStep | None:
    """Return the last full check with some settings, if it has found nothing.

    Args:
        settings_digest: A digest of the settings.
        gaps: The gaps that were compared.
    """
    text = _entries().get(_key(settings_digest, gaps))
    try:
        return _of_json(json.loads(text)) if text else None
    except (ValueError, KeyError, TypeError):  # the file of the cache is damaged
        return None


def remember(settings_digest: str, gaps: tuple[Gap, ...], found: InStep | None) -> None:
    """Remember the last full check with some settings, if it has found nothing.

    Args:
        settings_digest: A digest of the settings.
        gaps: The gaps that were compared.
        found: The check; ``None`` if it has found something.
    """
    entries, key = _entries(), _key(settings_digest, gaps)
    if found is not None:
        entries.put(key, json.dumps(_as_json(found)))
    elif entries.get(key):
        entries.put(key, "")


def _entries() -> Entries:
    return Entries("in_step")


def _key(settings_digest: str, gaps: tuple[Gap, ...]) -> str:
    return key_of((settings_digest, gaps, surroundings()))


def _as_json(found: InStep) -> dict[str, Any]:
    own = found.project_url
    place = None if own is None or own.place is None else asdict(own.place)
    return {
        "state": found.state,
        "environment": found.environment,
        "inputs": found.inputs.as_json(),
        "url": None if own is None else {"url": own.url, "place": place},
    }


def _of_json(data: Any) -> InStep:
    inputs = Inputs(**data["inputs"])
    own = data["url"]
    if own is not None:
        place = own["place"]
        own = ProjectURL(own["url"], PasswordPlace(**place) if place else None, inputs)
    return InStep(data["state"], data["environment"], inputs, own)
