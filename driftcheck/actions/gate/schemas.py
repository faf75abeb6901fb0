"""The schemas of a project's databases at one moment, as the gate compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from driftcheck.databases.location import DatabaseKey
from driftcheck.judging.findings import Finding
from driftcheck.pipeline.schema_filter import within
from driftcheck.pipeline.session import Session
from driftcheck.project.redirect import ShadowSet
from driftcheck.schema import Snapshot
from driftcheck.sources.history import read_shadow_set, version_table_keys, version_tables
from driftcheck.sources.replay import Destinations

Schemas: TypeAlias = Mapping[DatabaseKey, Snapshot]
"""The schema of each database at one moment."""

Findings: TypeAlias = list[tuple[DatabaseKey, Finding]]
"""Findings, each with its database."""


def read_schemas(session: Session, shadow_set: ShadowSet) -> Schemas:
    """Read the shadows of a shadow set, limited to the schemas that the settings select."""
    snapshots = read_shadow_set(shadow_set, version_tables(session.environment), session.scope)
    selected = session.settings.schemas
    return {
        database_key: within(snapshot, selected) for database_key, snapshot in snapshots.items()
    }


def every_database_at(session: Session, *revisions: str) -> Destinations:
    """The same destination revisions for every version table of every database."""
    return dict.fromkeys(version_table_keys(session.environment), revisions)
