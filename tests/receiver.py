"""A receiver of webhooks, for the tests of ``driftcheck watch``."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(HTTPServer):
    """Keeps every request, and answers with the given status codes; then with 204.

    Attributes:
        requests: The headers and the body of each request.
        answers: The status codes that are still to be given; None closes the connection.
        location: Where redirects lead.
    """

    def __init__(self, answers=()):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests, self.answers, self.location = [], [*answers], self.url
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook?token=s3cr3t-t0ken"

    def stop(self):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((dict(self.headers), body))
        answer = self.server.answers.pop(0) if self.server.answers else 204
        if answer is None:
            return
        self.send_response(answer)
        if answer // 100 == 3:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


@contextmanager
def receivers():
    """Yield a function that starts receivers with the answers that they give."""
    started = []

    def start(*answers):
        started.append(Receiver(answers))
        return started[-1]

    try:
        yield start
    finally:
        for each in started:
            each.stop()
