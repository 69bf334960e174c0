"""JSON-RPC over HTTP that trusts nothing in an answer: the only module that imports web3 and requests.

web3's own provider reads answers of any length, for any time, and matches no ids. This one bounds both, checks the
envelope of each answer, and tries again where a fault may pass.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dcai import strict_json
from dcai.errors import (
    InputError,
    InputTypeError,
    MissingExtraError,
    ResponseError,
    ResponseTooLongError,
    RpcError,
    RpcTimeoutError,
    shown,
)

try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3 import exceptions as urllib3_exceptions
    from web3 import HTTPProvider
except ImportError as error:
    raise MissingExtraError("dcai.chain", "chain") from error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web3.types import RPCEndpoint, RPCResponse

__all__ = ["Limits", "Provider", "error_of"]

_CHUNK = 1 << 16
#: Answers of HTTP that another try may change: too many requests, and faults of the server or what is before it.
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Errors of JSON-RPC that another try may change: EIP-1474's "limit exceeded".
_PASSING_CODES = frozenset({-32005, 429})
#: Of these, who gave up on a request that takes long.
_GAVE_UP_STATUS = frozenset({408, 504})
_TOO_LONG_STATUS = 413
#: What "limit exceeded" says of an `eth_getLogs` that asks for too much: the same request fails for ever.
_TOO_MANY_LOGS = re.compile(r"result|range|block|logs|size|timeout", re.IGNORECASE)
_LONGEST_WAIT_S = 10.0


@dataclass(frozen=True)
class Limits:
    """Timeouts, retries and size limits of requests to a node.

    Attributes
    ----------
    timeout_s : float
        For an answer as a whole, from the request to its last byte.
    tries : int
        Number of tries of a request after transient faults.
    backoff_s : float
        Wait before the second try; it doubles with each further one, and varies by half.
    max_response_bytes : int
        Longest answer that is read.
    max_parallel : int
        Requests under way at once.
    slots_per_request : int
        Storage slots in one `eth_getProof`, or in one batch of `eth_getStorageAt`.
    """

    timeout_s: float = 30.0
    tries: int = 4
    backoff_s: float = 0.25
    max_response_bytes: int = 32 << 20
    max_parallel: int = 4
    slots_per_request: int = 250

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise InputTypeError(f"{name} is {shown(value)}; it must be a number")
            if not (value >= 0 if name == "backoff_s" else value > 0):
                raise InputError(f"{name} is {value}; it must be positive")


class _PassingError(RpcError):
    """A fault that may be gone at the next try; ``final`` is the class of the error after the last one."""

    def __init__(self, method: str, reason: str, code: int | None = None, final: type[RpcError] = RpcError) -> None:
        super().__init__(method, reason, code)
        self.final = final


class Provider(HTTPProvider):
    """A provider for web3, with limits.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``. Messages show only its host, since a path may hold a key.
    limits : Limits
        See there.

    Raises
    ------
    InputError
        The URL is not http or https.
    """

    def __init__(self, url: str, limits: Limits) -> None:
        self.limits = limits
        self.host = _host(url)
        session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=limits.max_parallel)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        self._session = session
        self._closed = threading.Event()
        super().__init__(url, session=session, exception_retry_configuration=None)

    def close(self) -> None:
        """Let go of the connections; requests that wait for another try fail."""
        self._closed.set()
        self._session.close()

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Send a request, and return the answer: an object with the request's id and ``result`` or ``error``."""
        body = self.encode_rpc_request(method, params)
        (answer,) = self._exchange(str(method), body, [json.loads(body)["id"]], batch=False)
        return answer

    def make_batch_request(self, batch_requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse]:
        """Send several requests in one, and return the answers in their order."""
        body = self.encode_batch_rpc_request(batch_requests)
        ids = [request["id"] for request in json.loads(body)]
        return self._exchange(str(batch_requests[0][0]), body, ids, batch=True)

    def _exchange(self, method: str, body: bytes, ids: Sequence[int], *, batch: bool) -> list[RPCResponse]:
        tries = int(self.limits.tries)
        for attempt in range(1, tries + 1):
            try:
                return self._try(method, body, ids, batch=batch)
            except _PassingError as error:
                if attempt == tries or self._wait(attempt):
                    reason = f"{error.reason} (tried {attempt} times)" if attempt > 1 else error.reason
                    raise error.final(method, reason, error.code) from error
        raise AssertionError  # the last try returns or raises

    def _wait(self, attempt: int) -> bool:
        """Wait before the next try; True where the provider was closed meanwhile."""
        longest = min(self.limits.backoff_s * 2 ** (attempt - 1), _LONGEST_WAIT_S)
        return self._closed.wait(longest * random.uniform(0.5, 1.0))

    def _try(self, method: str, body: bytes, ids: Sequence[int], *, batch: bool) -> list[RPCResponse]:
        answers = _answers(method, self._post(method, body), ids, batch=batch)
        for answer in answers:
            if "error" in answer and _may_pass(method, answer["error"]):
                raise _PassingError(method, *error_of(answer))
        return answers

    def _post(self, method: str, body: bytes) -> bytes:
        """Send a body by HTTP, and return that of the answer."""
        deadline = time.monotonic() + self.limits.timeout_s
        # What is counted and bounded are the bytes that arrive, so they must not be compressed.
        headers = {**self.get_request_headers(), "Accept-Encoding": "identity"}
        try:
            with self._session.post(
                str(self.endpoint_uri),
                data=body,
                headers=headers,
                timeout=self.limits.timeout_s,
                stream=True,
                allow_redirects=False,
            ) as response:
                status = response.status_code
                if status in _PASSING_STATUS:
                    final = RpcTimeoutError if status in _GAVE_UP_STATUS else RpcError
                    raise _PassingError(method, f"{self.host} answers HTTP {status}", final=final)
                content = self._read(method, response, deadline)
        except requests.Timeout as error:
            raise self._too_slow(method) from error
        except (requests.RequestException, OSError) as error:
            # Not its text, which holds the URL.
            raise _PassingError(method, f"{self.host} cannot be reached ({type(error).__name__})") from error
        # A JSON-RPC error may come with any status.
        if status != 200 and content.lstrip()[:1] not in (b"{", b"["):
            kind = ResponseTooLongError if status == _TOO_LONG_STATUS else RpcError
            raise kind(method, f"{self.host} answers HTTP {status}")
        return content

    def _read(self, method: str, response: requests.Response, deadline: float) -> bytes:
        most = int(self.limits.max_response_bytes)
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > most:
            raise ResponseTooLongError(method, f"{self.host} answers with {announced} bytes, more than {most}")
        content = bytearray()
        raw = response.raw
        try:
            # read1 returns what has arrived, so that a trickle cannot outlast the deadline.
            while piece := raw.read1(_CHUNK, decode_content=False):
                content += piece
                if len(content) > most:
                    raise ResponseTooLongError(method, f"{self.host} answers with more than {most} bytes")
                if time.monotonic() > deadline:
                    raise self._too_slow(method)
        except urllib3_exceptions.ReadTimeoutError as error:
            raise self._too_slow(method) from error
        except urllib3_exceptions.HTTPError as error:
            raise _PassingError(method, f"{self.host} closed the connection after {len(content)} bytes") from error
        if announced.isdecimal() and len(content) < int(announced):
            raise _PassingError(method, f"{self.host} closed the connection after {len(content)} of {announced} bytes")
        return bytes(content)

    def _too_slow(self, method: str) -> _PassingError:
        reason = f"no answer of {self.host} within {self.limits.timeout_s:g} s"
        return _PassingError(method, reason, final=RpcTimeoutError)


def _host(url: str) -> str:
    if not isinstance(url, str):
        raise InputTypeError(f"rpc_url is {shown(url)}; it must be text, such as 'http://localhost:8545'")
    parts = None
    with suppress(ValueError):
        parts = urlsplit(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("rpc_url is not an http or https URL; pass one such as 'http://localhost:8545'")
    return parts.hostname


def _may_pass(method: str, error: Any) -> bool:
    """Return whether a retry may succeed after a JSON-RPC error."""
    too_much = method == "eth_getLogs" and _TOO_MANY_LOGS.search(str(error.get("message")))
    return error.get("code") in _PASSING_CODES and not too_much


def error_of(answer: RPCResponse) -> tuple[str, int | None]:
    """Return the text of a JSON-RPC error, and its code."""
    error: Any = answer["error"]
    code = error.get("code")
    return f"the node answers with the error {code}: {shown(error.get('message'))}", code


def _answers(method: str, content: bytes, ids: Sequence[int], *, batch: bool) -> list[RPCResponse]:
    """Read answers, and put them in the order of their requests.

    Raises
    ------
    ResponseError
        Not JSON, or not of the form of JSON-RPC 2.0.
    RpcError
        An error in place of the answers to a batch.
    """
    try:
        decoded = strict_json.loads(content.decode())
    except ValueError as error:
        raise ResponseError(method, f"the answer is not JSON: {shown(bytes(content[:60]))}") from error
    if batch and isinstance(decoded, dict) and isinstance(decoded.get("error"), dict):
        raise RpcError(method, *error_of(decoded))  # type: ignore[arg-type]
    if isinstance(decoded, list) != batch:
        raise ResponseError(method, f"the answer is {shown(decoded)}; expected {'a list' if batch else 'an object'}")
    answers = decoded if batch else [decoded]
    by_id: dict[int, RPCResponse] = {}
    for answer in answers:
        _check(method, answer)
        if type(answer["id"]) is not int or answer["id"] not in ids:
            raise ResponseError(method, f"the answer has the id {shown(answer['id'])}, which was not requested")
        by_id[answer["id"]] = answer
    if len(by_id) != len(ids):
        raise ResponseError(method, f"{len(by_id)} answers to {len(ids)} requests")
    return [by_id[id_] for id_ in ids]


def _check(method: str, answer: Any) -> None:
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0" or "id" not in answer:
        raise ResponseError(method, f"{shown(answer)} is not a JSON-RPC 2.0 answer: it lacks 'jsonrpc' or 'id'")
    if answer.get("error") is not None:
        if not isinstance(answer["error"], dict):
            raise ResponseError(method, f"the error of the answer is {shown(answer['error'])}; expected an object")
        return
    answer.pop("error", None)
    if "result" not in answer:
        raise ResponseError(method, "the answer has neither 'result' nor 'error'")
