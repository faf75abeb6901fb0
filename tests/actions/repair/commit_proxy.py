"""A proxy before a PostgreSQL server that cuts a connection at its COMMIT."""

import socket
import struct
import threading
from contextlib import suppress

from driftcheck.databases.own_work import own_work
from tests.proxy import Proxy

_COMMIT = b"Q" + struct.pack("!i", 11) + b"COMMIT\0"
"""The message by which a client sends this statement."""


class CommitProxy(Proxy):
    """Cuts the first connection that commits, and then every connection if nobody shall ask.

    Args:
        url: The database behind it.
        arrives: Whether the COMMIT arrives at the server. Its answer does not arrive.
        answers_later: Whether later connections are passed on.
    """

    def __init__(self, url, *, arrives, answers_later=True):
        super().__init__(url, None)
        self._arrives = arrives
        self._answers_later = answers_later
        self.was_cut = False

    def _serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.was_cut and not self._answers_later:
                    client.close()
                    continue
                with own_work():  # a project is open, and its code may not reach the database
                    server = self._connected()
                self._open += [client, server]
                answering = threading.Event()
                answering.set()
                for work in (self._ask, self._pass_answers):
                    threading.Thread(
                        target=work, args=(client, server, answering), daemon=True
                    ).start()

    def _ask(self, client, server, answering):
        with suppress(OSError):
            while data := client.recv(65536):
                if _COMMIT in data and not self.was_cut:
                    self.was_cut = True
                    answering.clear()
                    if self._arrives:
                        server.sendall(data)
                        server.shutdown(socket.SHUT_WR)  # read after the COMMIT
                        return
                    server.shutdown(socket.SHUT_RDWR)
                    client.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(data)

    def _pass_answers(self, client, server, answering):
        with suppress(OSError):
            while data := server.recv(65536):
                if answering.is_set():
                    client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
