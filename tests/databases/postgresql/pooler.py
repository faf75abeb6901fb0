"""A connection pooler before a PostgreSQL server, for clients that send simple statements."""

import socket
import struct
import threading
from contextlib import suppress

from tests.proxy import Proxy

_REQUESTS = (80877103, 80877104)
"""The numbers by which a client asks for encryption. Source: PostgreSQL, "Message Formats"."""
_PROCESS = 1
"""The number of a server process that clients are told."""


class Pooler(Proxy):
    """Passes statements on, one at a time.

    Args:
        url: The database behind it.
        is_shared: Whether all clients get the same server process: the transaction mode of
            PgBouncer, with one client at a time. Otherwise each client has a process of its own.
    """

    def __init__(self, url, *, is_shared):
        super().__init__(url, None)
        self._is_shared = is_shared
        self._server = None

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._answer_all, args=(client,), daemon=True).start()

    def _answer_all(self, client):
        with suppress(OSError):
            startup = _startup(client)
            if self._server is None or not self._is_shared:
                self._server = self._connected()
                self._open.append(self._server)
                self._server.sendall(startup)
                self._greeting = _answer(self._server)
            server = self._server
            client.sendall(self._greeting)
            while (message := _message(client)) and message[:1] != b"X":
                server.sendall(message)
                client.sendall(_answer(server))


def _startup(client):
    while True:
        head = client.recv(8, socket.MSG_WAITALL)
        length, code = struct.unpack("!ii", head)
        if code not in _REQUESTS:
            return head + client.recv(length - 8, socket.MSG_WAITALL)
        client.sendall(b"N")


def _message(source):
    """Read a message; empty at the end."""
    head = source.recv(5, socket.MSG_WAITALL)
    if len(head) < 5:
        return b""
    length = struct.unpack("!i", head[1:])[0] - 4
    return head + (source.recv(length, socket.MSG_WAITALL) if length else b"")


def _answer(server):
    """Read what the server says, to the point where it waits for the next statement."""
    answer = b""
    while message := _message(server):
        if message[:1] == b"K":
            message = message[:5] + struct.pack("!i", _PROCESS) + message[9:]
        answer += message
        if message[:1] == b"Z":
            break
    return answer
