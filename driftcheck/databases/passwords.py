"""Passwords in the arguments and in the messages of drivers."""

from __future__ import annotations

import re

from sqlalchemy.engine import URL


def password_text(password: object) -> str | None:
    """Return a password as a string. Drivers also accept bytes and objects."""
    if password is None:
        return None
    return password.decode() if isinstance(password, bytes) else str(password)


def without_password(text: str, url: URL) -> str:
    """Replace the URL's password in a driver's message: some drivers repeat it."""
    password = url.password
    return re.sub(re.escape(str(password)), "***", text) if password else text
