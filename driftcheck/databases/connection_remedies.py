"""Says what to do about messages of servers and drivers when a connection is opened."""

from __future__ import annotations

import re

_REMEDIES = (
    (
        r"database \S+ does not exist|Unknown database",
        "Create the database and run the migrations, or correct its name in the URL.",
    ),
    (
        r"password authentication failed|Access denied|no password supplied",
        "Check the user and the password of the URL.",
    ),
    (r"refused|No such file or directory|Can't connect", "Start the server, or check the port."),
    (
        (
            r"could not translate host name|Name or service not known|nodename nor servname|"
            r"Temporary failure in name resolution"
        ),
        "Check the host of the URL. In a container, it may have another name.",
    ),
    (
        r"no pg_hba.conf entry",
        (
            "Have an administrator allow this connection in pg_hba.conf. If the message says 'no "
            "encryption', add ?sslmode=require to the URL."
        ),
    ),
    (r"timeout|timed out|did not answer", "Check firewalls and VPN between this machine and it."),
)


def connection_remedy(text: str) -> str:
    """Return what to do about a message; empty if it is not known.

    Args:
        text: The message of the server or of the driver, in English.
    """
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, text):
            return remedy
    return ""
