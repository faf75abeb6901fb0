"""Messages to a real receiver: signed, in order, again if they are not taken."""

import hashlib
import hmac
import json
import socket
import time
from datetime import UTC, datetime

import pytest

from driftcheck.actions.watch import webhook as webhooks
from driftcheck.actions.watch.webhook import ATTEMPTS, OUTBOX, Webhook, message_of, pause
from driftcheck.errors import ConfigurationError
from driftcheck.judging.watch_events import EventType, WatchEvent
from tests.receiver import receivers

SECRET = "s3cr3t-w0rd"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def receiver():
    with receivers() as start:
        yield start


def message(text="a finding"):
    return message_of([WatchEvent(EventType.NEW, AT, "x", text, {"rule": "drift-table-extra"})])


def test_a_message(receiver):
    target, outbox = receiver(), [message()]
    assert Webhook(target.url, SECRET).deliver(outbox, 0) == []
    assert outbox == []
    ((headers, body),) = target.requests
    told = json.loads(body)
    assert told["version"] == 1
    assert told["id"] == headers["Idempotency-Key"]
    assert told["events"] == [
        {
            "event": "new",
            "at": "2026-01-02T03:04:05+00:00",
            "database": "x",
            "text": "a finding",
            "finding": {"rule": "drift-table-extra"},
        }
    ]
    signed = headers["X-Driftcheck-Timestamp"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Driftcheck-Signature"] == f"sha256={digest}"
    assert abs(int(headers["X-Driftcheck-Timestamp"]) - time.time()) < 60
    assert SECRET not in str(target.requests)


def test_a_message_is_sent_again_with_the_same_identifier(receiver):
    target, outbox = receiver(500, 503, 429), [message("1"), message("2")]
    webhook = Webhook(target.url, SECRET)
    assert len(webhook.deliver(outbox, 0)) == 1
    assert webhook.due == pause(1)
    assert webhook.deliver(outbox, webhook.due - 0.1) == []
    assert len(target.requests) == 1
    for _ in range(3):
        assert webhook.deliver(outbox, webhook.due) == []
    assert outbox == []
    assert len(target.requests) == 5
    assert len({(headers["Idempotency-Key"], body) for headers, body in target.requests}) == 2
    assert [json.loads(body)["events"][0]["text"] for _, body in target.requests] == [*"11112"]


@pytest.mark.parametrize("answer", [301, 302, 307, 308, 400, 401, 404, 410])
def test_a_message_that_is_refused_is_given_up(receiver, answer):
    target, outbox = receiver(answer), [message("1"), message("2")]
    (problem,) = Webhook(target.url, SECRET).deliver(outbox, 0)
    assert problem == f"a message to 127.0.0.1 is given up: the answer is {answer}"
    assert [json.loads(body)["events"][0]["text"] for _, body in target.requests] == ["1", "2"]
    assert outbox == []


def test_a_redirect_is_not_followed(receiver):
    target, other = receiver(302), receiver()
    target.location = other.url
    Webhook(target.url, SECRET).deliver([message()], 0)
    assert (len(target.requests), other.requests) == (1, [])


def test_a_receiver_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outbox, problems = [message()], []
    webhook = Webhook(f"http://127.0.0.1:{port}/t0ken", SECRET)
    for _ in range(ATTEMPTS):
        problems += webhook.deliver(outbox, webhook.due)
    assert problems == [
        "127.0.0.1 does not take a message: Connection refused",
        "a message to 127.0.0.1 is given up: Connection refused",
    ]
    assert outbox == []


def test_a_receiver_that_says_nothing(monkeypatch):
    monkeypatch.setattr(webhooks, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        outbox = [message(), message()]
        webhook = Webhook(f"http://127.0.0.1:{listener.getsockname()[1]}/", SECRET)
        begun = time.monotonic()
        (problem,) = webhook.deliver(outbox, 0)
        assert time.monotonic() - begun < 2
    assert "timed out" in problem
    assert len(outbox) == 2


def test_no_answer_in_http(receiver):
    target, outbox = receiver(None), [message()]
    (problem,) = Webhook(target.url, SECRET).deliver(outbox, 0)
    assert problem.startswith("127.0.0.1 does not take a message: ")
    assert "t0ken" not in problem
    assert len(outbox) == 1


def test_the_outbox_is_bounded(receiver):
    outbox = [message(str(number)) for number in range(OUTBOX + 2)]
    problems = Webhook(receiver(500).url, SECRET).deliver(outbox, 0)
    assert problems[:2] == ["a message to 127.0.0.1 is given up: too many wait"] * 2
    assert len(outbox) == OUTBOX
    assert json.loads(outbox[0].body)["events"][0]["text"] == "2"


def test_pauses_grow_up_to_a_limit():
    assert [pause(attempts) for attempts in (1, 2, 3, 9, 10, 1000)] == [1, 2, 4, 256, 300, 300]


@pytest.mark.parametrize(
    "url", ["example.com", "ftp://example.com", "file:///etc/passwd", "https://", "http://u:p@h/"]
)
def test_another_url_is_refused(url):
    with pytest.raises(ConfigurationError, match="not an http or https URL") as caught:
        Webhook(url, SECRET)
    assert "u:p" not in caught.value.message


def test_a_secret_is_required():
    with pytest.raises(ConfigurationError, match="DRIFTCHECK_WEBHOOK_SECRET is not set"):
        Webhook("https://example.com", "")
