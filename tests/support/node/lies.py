"""A node that lies: it passes requests on to a real one, and alters the answers as a test wants."""

from __future__ import annotations

import json
import sys
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = dict[str, Any]
#: Takes a request and the answer to it, which it may change or replace.
Alter = Callable[[dict[str, Any], Answer], Answer | None]

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Liar:
    """A server in a thread, until the block ends.

    Attributes
    ----------
    url : str
        Where it listens.
    alter : callable, optional
        Alters each answer.
    reply : callable, optional
        Writes the whole HTTP answer itself: takes the handler and the body that would be right. True where it did.
    requests : list of dict
        All that were asked for.
    """

    def __init__(self, upstream: str) -> None:
        self.alter: Alter | None = None
        self.reply: Callable[[BaseHTTPRequestHandler, bytes], bool] | None = None
        self.requests: list[dict[str, Any]] = []
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                content = liar.answer(upstream, body)
                if liar.reply is None or not liar.reply(self, content):
                    send(self, content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}/a-secret-key"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def methods(self) -> list[str]:
        return [request["method"] for request in self.requests]

    def answer(self, upstream: str, body: bytes) -> bytes:
        request = urllib.request.Request(upstream, body, headers={"Content-Type": "application/json"})
        with _OPENER.open(request, timeout=60) as response:
            content: bytes = response.read()
        asked = json.loads(body)
        batch = asked if isinstance(asked, list) else [asked]
        self.requests += batch
        if self.alter is None:
            return content
        answers = {answer["id"]: answer for answer in _as_list(json.loads(content))}
        altered = [self.alter(one, answers[one["id"]]) or answers[one["id"]] for one in batch]
        return json.dumps(altered if isinstance(asked, list) else altered[0]).encode()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        # Who is lied to may hang up.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _as_list(decoded: Any) -> list[Any]:
    return decoded if isinstance(decoded, list) else [decoded]


def send(handler: BaseHTTPRequestHandler, content: bytes, status: int = 200, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content) if length is None else length))
    handler.end_headers()
    handler.wfile.write(content)


def in_result(method: str, change: Callable[[Any], Any]) -> Alter:
    """Alter the result of one method; ``change`` returns the new one, or changes it in place."""

    def alter(request: dict[str, Any], answer: Answer) -> None:
        if request["method"] == method and "result" in answer:
            changed = change(answer["result"])
            if changed is not None:
                answer["result"] = changed

    return alter


def flip(text: str) -> str:
    """Change the last digit of a hexadecimal text."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")
