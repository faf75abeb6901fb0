"""Types for the schemas of a project's databases, and for findings about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from driftcheck.databases.location import DatabaseKey
from driftcheck.judging.findings import Finding
from driftcheck.schema import Snapshot

Schemas: TypeAlias = Mapping[DatabaseKey, Snapshot]
"""The schema of each database at one moment, limited to the schemas that the settings select."""

Findings: TypeAlias = list[tuple[DatabaseKey, Finding]]
"""Findings, each with its database."""
