"""Shadow databases that another process of driftcheck has made, and lends to this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import URL, make_url

from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker
from driftcheck.errors import ShadowError
from driftcheck.process.masking import learn
from driftcheck.storage.mark import Mark


def lent(shadow: ShadowDatabase) -> dict[str, Any]:
    """Return what another process needs to use a shadow, representable in JSON.

    It has the password of the server. It must be sent where nobody else can read it.
    """
    return {
        "url": shadow.url.render_as_string(hide_password=False),
        "name": shadow.name,
        "token": shadow.token,
        "mark_query": shadow.mark_query,
        "shares_server": shadow.shares_server,
    }


def borrowed(description: Mapping[str, Any]) -> ShadowDatabase:
    """Return a shadow of another process. ``drop`` leaves it to its owner.

    Args:
        description: The result of ``lent``.
    """
    url: URL = make_url(description["url"])
    learn(url.password)
    return ShadowDatabase(
        url,
        description["name"],
        description["token"],
        description["mark_query"],
        _Owner(shares_server=description["shares_server"]),
    )


class _Owner(ShadowMaker):
    """Stands for the maker in the other process.

    Args:
        shares_server: Whether other users or programs use the server of the shadows too.
    """

    def __init__(self, *, shares_server: bool) -> None:
        super().__init__("Another process of driftcheck has made the shadow databases.")
        self.shares_server = shares_server

    @property
    def writes(self) -> str:
        """This process creates nothing."""
        return "nothing"

    def _plan(self, purpose: str, mark: Mark) -> ShadowDatabase:
        raise ShadowError(f"this process makes no shadow databases: {purpose}, {mark}")

    def _create(self, shadow: ShadowDatabase, template: ShadowDatabase | None) -> None:
        del template
        raise ShadowError(f"this process makes no shadow databases: {shadow.name}")

    def _destroy(self, shadow: ShadowDatabase) -> None:
        """Leave the shadow to its owner."""
