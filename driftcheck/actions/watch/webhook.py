"""Sends the events of a watch to a URL, signed, and again if the receiver does not take them.

The signature is made as in the webhooks of Stripe: the time is signed with the body, so that a
receiver can refuse a message that is sent again later by someone else.
Source: https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from driftcheck import __version__
from driftcheck.actions.watch.state import Message
from driftcheck.errors import ConfigurationError
from driftcheck.judging.watch_events import WatchEvent
from driftcheck.reports.watch import event_values

SECRET = "DRIFTCHECK_WEBHOOK_SECRET"  # noqa: S105  (the name of a variable)
"""The environment variable with the secret that signs the messages."""
VERSION = 1
"""Increased when a key of the body is removed or changes its meaning."""
ATTEMPTS = 12
"""After so many attempts, a message is given up."""
OUTBOX = 100
"""So many messages are kept. If there are more, the oldest is given up."""
_TIMEOUT = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
_TRY_AGAIN = frozenset({408, 425, 429})
"""Status codes below 500 that do not say that the message itself is refused."""


class Refused(Exception):  # noqa: N818  (caught at once)
    """The receiver refuses a message: another attempt would be refused too."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the message is meant for the host that the user has named."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request."""


class Webhook:
    """Delivers messages in their order, one attempt at a time.

    A message stays in the outbox until the receiver has taken it, with the same identifier and the
    same body. The caller keeps the outbox over a restart.

    Args:
        url: The URL of the receiver.
        secret: The secret that signs the messages.

    Raises:
        ConfigurationError: The URL is not one of HTTP, or the secret is empty.
    """

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ConfigurationError(
                "--webhook is not an http or https URL with a host and without a user",
                hint="Example: --webhook https://example.com/driftcheck",
            )
        if not secret:
            raise ConfigurationError(
                f"--webhook needs a secret, and {SECRET} is not set",
                hint="Set it to a long random text, and give the same text to the receiver.",
            )
        self.host = parts.hostname
        self.due = 0.0
        self._url, self._secret = url, secret.encode()
        self._opener = urllib.request.build_opener(_NoRedirects)

    def deliver(self, outbox: list[Message], now: float) -> list[str]:
        """Send the messages of an outbox until one is not taken. Taken messages are removed.

        Args:
            outbox: The messages.
            now: The present time of a monotonic clock. The next attempt is due at ``due``.

        Returns:
            What went wrong, in sentences.
        """
        problems = [self._given_up("too many wait") for _ in outbox[:-OUTBOX]]
        del outbox[: max(0, len(outbox) - OUTBOX)]
        while outbox and now >= self.due:
            message = outbox[0]
            message.attempts += 1
            try:
                self._send(message)
            except Refused as error:
                problems.append(self._given_up(str(error)))
            except (OSError, http.client.HTTPException) as error:
                if message.attempts < ATTEMPTS:
                    self.due = now + pause(message.attempts)
                    if message.attempts == 1:
                        problems.append(f"{self.host} does not take a message: {_reason(error)}")
                    break
                problems.append(self._given_up(_reason(error)))
            del outbox[0]
        return problems

    def _given_up(self, reason: str) -> str:
        return f"a message to {self.host} is given up: {reason}"

    def _send(self, message: Message) -> None:
        """Send a message once.

        Raises:
            Refused: The receiver refuses it.
            OSError: The receiver cannot be reached, or fails.
            HTTPException: The receiver does not answer in HTTP.
        """
        at, body = str(int(time.time())), message.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"driftcheck/{__version__}",
            "Idempotency-Key": message.identifier,
            "X-Driftcheck-Timestamp": at,
            "X-Driftcheck-Signature": f"sha256={signature(self._secret, at, body)}",
        }
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310  (checked above)
        try:
            with self._opener.open(request, timeout=_TIMEOUT):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < http.client.INTERNAL_SERVER_ERROR and error.code not in _TRY_AGAIN:
                raise Refused(f"the answer is {error.code}") from None
            raise


def signature(secret: bytes, at: str, body: bytes) -> str:
    """Return the signature of a message: HMAC-SHA256 of the time, a dot and the body.

    Args:
        secret: The secret.
        at: The time, as in ``X-Driftcheck-Timestamp``.
        body: The body.
    """
    return hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def pause(attempts: int) -> float:
    """Return how many seconds to wait after so many attempts."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempts - 1))


def message_of(events: Sequence[WatchEvent]) -> Message:
    """Return the message for the events of a round."""
    identifier = str(uuid.uuid4())
    body = {"version": VERSION, "id": identifier, "events": [event_values(e) for e in events]}
    return Message(identifier, json.dumps(body))


def _reason(error: Exception) -> str:
    """Return an error in one clause, without the URL, which can contain a token."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the answer is {error.code}"
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)
