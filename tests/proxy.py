"""A TCP proxy before a PostgreSQL server that does what dying networks and servers do."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


@dataclass(frozen=True)
class Fault:
    """What becomes of one connection.

    Attributes:
        kind: ``silence`` (nothing more comes), ``trickle`` (a byte now and then), ``reset``
            (the connection is cut), ``delay`` (every answer comes late) or ``none``.
        after: How many bytes of the server are passed on before.
        seconds: The time between two bytes, or before an answer.
    """

    kind: str
    after: int = 0
    seconds: float = 0.3


NONE = Fault("none")
AT_ONCE = 0
AFTER_LOGIN = 500
"""Bytes that the server has sent when somebody has logged in, and a little has been read."""


class Proxy:
    """Listens on a port of its own for as long as it is entered.

    Args:
        url: The database behind it.
        fault_of: What becomes of a connection, by its number from 0 on.
    """

    def __init__(self, url, fault_of):
        self._target = url
        self._fault_of = fault_of
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._open = []
        self.accepted = 0
        self.faulty = threading.Event()

    @property
    def url(self):
        """The database by way of the proxy, as text."""
        host, port = self._listener.getsockname()
        through = self._target.set(host=host, port=port, query={})
        return through.render_as_string(hide_password=False)

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                fault = self._fault_of(self.accepted)
                self.accepted += 1
                server = self._connected()
                self._open += [client, server]
                threading.Thread(target=_pass_on, args=(client, server), daemon=True).start()
                arguments = (server, client, fault)
                threading.Thread(target=self._answer, args=arguments, daemon=True).start()

    def _connected(self):
        host, port = self._target.host, self._target.port or 5432
        if host:
            return socket.create_connection((host, port))
        query = self._target.query
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{query['host']}/.s.PGSQL.{query.get('port', 5432)}")
        return server

    def _answer(self, server, client, fault):
        """Pass on what the server says, up to the fault."""
        passed = 0
        with suppress(OSError):
            while data := server.recv(65536):
                if fault.kind == "delay":
                    time.sleep(fault.seconds)
                elif fault.kind != "none" and passed + len(data) >= fault.after:
                    client.sendall(data[: fault.after - passed])
                    self.faulty.set()
                    _misbehave(client, fault, data[fault.after - passed :])
                    return
                client.sendall(data)
                passed += len(data)
            client.shutdown(socket.SHUT_WR)


def _misbehave(client, fault, left):
    if fault.kind == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        client.shutdown(socket.SHUT_RD)
        client.close()
    elif fault.kind == "trickle":
        for number in left:
            client.sendall(bytes([number]))
            time.sleep(fault.seconds)


def _pass_on(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
