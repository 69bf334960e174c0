"""``dcai data fetch`` against a server on the loopback device, with everything that goes wrong."""

import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dcai.cli.data import data
from dcai.data.download import partial_path

CONTENT = random.Random(3).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range"))
        self.server.answer(self)

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its base class
        pass


class Server(ThreadingHTTPServer):
    """Answers as the test says; remembers the Range of each request."""

    daemon_threads = True
    answer: Callable[[Handler], None]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = with_ranges
        self.ranges: list[str | None] = []
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/imdb.npz"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away is what some tests are about."""


def with_ranges(handler: Handler) -> None:
    asked = handler.headers.get("Range")
    start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
    body = CONTENT[start:]
    if not body:
        handler.head(416, Content_Range=f"bytes */{len(CONTENT)}", Content_Length=0)
        return
    headers = {"Content_Length": len(body)}
    if asked:
        last = len(CONTENT) - 1
        handler.head(206, Content_Range=f"bytes {start}-{last}/{len(CONTENT)}", **headers)
    else:
        handler.head(200, **headers)
    handler.wfile.write(body)


def without_ranges(handler: Handler) -> None:
    handler.head(200, Content_Length=len(CONTENT))
    handler.wfile.write(CONTENT)


def without_length(handler: Handler) -> None:
    handler.head(200)
    handler.wfile.write(CONTENT)


def from_the_start(handler: Handler) -> None:
    """Answer 206 to a Range, but with the whole file."""
    last = len(CONTENT) - 1
    if handler.headers.get("Range"):
        handler.head(206, Content_Range=f"bytes 0-{last}/{len(CONTENT)}", Content_Length=len(CONTENT))
        handler.wfile.write(CONTENT)
    else:
        without_ranges(handler)


def cut_short(handler: Handler) -> None:
    handler.head(200, Content_Length=len(CONTENT))
    handler.wfile.write(CONTENT[:200_000])


def stalls(handler: Handler) -> None:
    cut_short(handler)
    handler.wfile.flush()
    handler.server.stopping.wait(30)


def never(handler: Handler) -> None:
    handler.server.stopping.wait(30)


def status(code: int) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        handler.head(code, Content_Length=5)
        handler.wfile.write(b"sorry")

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.stopping.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DCAI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("DCAI_DATA_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def target(cache: Path) -> Path:
    return cache / "imdb.npz"


@pytest.fixture
def partial(target: Path) -> Path:
    return partial_path(target, SHA256)


def fetch(server: Server, *options: str, sha256: str = SHA256) -> Result:
    arguments = ["fetch", "imdb", "--url", server.url, "--sha256", sha256, *options]
    return CliRunner().invoke(data, arguments)


def fetch_in_a_process(server: Server, before: str = "") -> "subprocess.Popen[str]":
    # A shell may start this process with SIGINT ignored, and the child would inherit that.
    code = "\n".join(
        [
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)",
            before,
            "from dcai.cli.data import data; data()",
        ]
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, "fetch", "imdb", "--url", server.url, "--sha256", SHA256],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def keep_part(partial: Path, content: bytes = CONTENT[:100_000]) -> None:
    partial.parent.mkdir(exist_ok=True)
    partial.write_bytes(content)


@pytest.mark.parametrize("answer", [with_ranges, without_ranges, without_length], ids=lambda answer: answer.__name__)
def test_a_whole_file(server: Server, target: Path, answer: Callable[[Handler], None]) -> None:
    server.answer = answer
    result = fetch(server)
    assert result.exit_code == 0
    assert result.output == f"{target}\n"
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_right_file_is_not_fetched_again(server: Server, target: Path) -> None:
    for _ in range(2):
        result = fetch(server, sha256=SHA256.upper())
    assert result.exit_code == 0
    assert "is already downloaded" in result.output
    assert server.ranges == [None]


def test_another_file_of_that_name_is_replaced(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"an older version")
    assert fetch(server).exit_code == 0
    assert target.read_bytes() == CONTENT


def test_a_connection_that_closes_early_then_resumes(server: Server, target: Path, partial: Path) -> None:
    server.answer = cut_short
    result = fetch(server)
    assert result.exit_code == 3
    kept = partial.stat().st_size
    assert 100_000 < kept <= 200_000
    assert "closed before all of 300000 bytes arrived" in result.output
    assert f"{kept} bytes are kept in {partial}" in result.output
    assert not target.exists()

    server.answer = with_ranges
    result = fetch(server)
    assert result.exit_code == 0
    assert f"resuming after {kept:,} bytes of an earlier run" in result.output
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={kept}-"]
    assert not partial.exists()


def test_a_server_that_falls_silent(server: Server, target: Path, partial: Path) -> None:
    server.answer = stalls
    result = fetch(server, "--timeout", "0.3")
    assert result.exit_code == 3
    assert f"{server.url}: no answer within 0.3 s" in result.output
    assert f"{partial.stat().st_size} bytes are kept" in result.output
    assert partial.stat().st_size > 100_000
    assert not target.exists()


def test_a_server_that_never_answers(server: Server, target: Path) -> None:
    server.answer = never
    result = fetch(server, "--timeout", "0.3")
    assert result.exit_code == 3
    assert "no answer within 0.3 s; nothing is kept" in result.output
    assert list(target.parent.iterdir()) == []


def test_no_server(cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"http://127.0.0.1:{port}/imdb.npz"
    result = CliRunner().invoke(data, ["fetch", "imdb", "--url", url])
    assert result.exit_code == 3
    assert f"Error: {url}: " in result.output
    assert "refused" in result.output
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(("code", "text"), [(404, "404 Not Found"), (500, "500 Internal")])
@pytest.mark.parametrize("earlier", [True, False])
def test_an_error_of_the_server_keeps_what_was_there(
    server: Server, partial: Path, code: int, text: str, earlier: bool
) -> None:
    if earlier:
        keep_part(partial)
    server.answer = status(code)
    result = fetch(server)
    assert result.exit_code == 3
    assert f"{server.url}: the server answers {text}" in result.output
    if earlier:
        assert f"100000 bytes are kept in {partial}" in result.output
        assert partial.read_bytes() == CONTENT[:100_000]
    else:
        assert "nothing is kept" in result.output
        assert not partial.exists()


def test_a_wrong_checksum_leaves_nothing(server: Server, target: Path) -> None:
    wrong = "0123456789abcdef" * 4
    target.parent.mkdir()
    target.write_bytes(b"an older version")
    result = fetch(server, sha256=wrong)
    assert result.exit_code == 3
    assert f"wrong checksum: expected SHA-256 {wrong}, got {SHA256}" in result.output
    assert target.read_bytes() == b"an older version"
    assert list(target.parent.iterdir()) == [target]


def test_an_empty_answer_is_a_wrong_checksum(server: Server, target: Path) -> None:
    server.answer = lambda handler: handler.head(200, Content_Length=0)
    result = fetch(server)
    assert result.exit_code == 3
    assert f"got {hashlib.sha256().hexdigest()}" in result.output
    assert list(target.parent.iterdir()) == []


def test_a_damaged_part_is_found_by_the_checksum(server: Server, target: Path, partial: Path) -> None:
    keep_part(partial, b"\0" * 100_000)
    result = fetch(server)
    assert result.exit_code == 3
    assert "wrong checksum" in result.output
    assert list(target.parent.iterdir()) == []
    assert fetch(server).exit_code == 0


@pytest.mark.parametrize(
    ("answer", "earlier", "ranges"),
    [
        (without_ranges, CONTENT[:100_000], ["bytes=100000-"]),
        (from_the_start, CONTENT[:100_000], ["bytes=100000-", None]),
        (with_ranges, CONTENT + b"more", ["bytes=300004-", None]),
    ],
)
def test_a_server_that_cannot_go_on_from_there(
    server: Server,
    target: Path,
    partial: Path,
    answer: Callable[[Handler], None],
    earlier: bytes,
    ranges: list[str | None],
) -> None:
    keep_part(partial, earlier)
    server.answer = answer
    assert fetch(server).exit_code == 0
    assert target.read_bytes() == CONTENT
    assert server.ranges == ranges


def test_a_part_that_is_whole_needs_only_its_name(server: Server, target: Path, partial: Path) -> None:
    keep_part(partial, CONTENT)
    assert fetch(server).exit_code == 0
    assert target.read_bytes() == CONTENT
    assert server.ranges == []


@pytest.mark.parametrize("earlier", [b"", CONTENT[:100_000], CONTENT])
def test_on_the_disk_before_it_gets_its_name(
    server: Server, target: Path, partial: Path, monkeypatch: pytest.MonkeyPatch, earlier: bytes
) -> None:
    synced: list[tuple[int, bool]] = []
    sync = os.fsync

    def remember(file: int) -> None:
        synced.append((os.fstat(file).st_ino, target.exists()))
        sync(file)

    keep_part(partial, earlier)
    monkeypatch.setattr(os, "fsync", remember)
    assert fetch(server).exit_code == 0
    # The file under its partial name, then the folder with the new name.
    assert synced == [(target.stat().st_ino, False), (target.parent.stat().st_ino, True)]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_stopped_half_way_then_resumed(server: Server, target: Path, partial: Path, kind: signal.Signals) -> None:
    server.answer = stalls
    with fetch_in_a_process(server) as process:
        deadline = time.monotonic() + 20
        while not (partial.exists() and partial.stat().st_size >= 100_000):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(kind)
        output, messages = process.communicate(timeout=20)
    kept = partial.stat().st_size
    assert output == ""
    assert not target.exists()
    if kind == signal.SIGINT:
        assert process.returncode == 130
        assert f"interrupted; {kept} bytes are kept in {partial} for the next run" in messages
        assert "Traceback" not in messages

    server.answer = with_ranges
    assert fetch(server).exit_code == 0
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={kept}-"]


def test_a_disk_without_room_is_known_before(server: Server, target: Path) -> None:
    server.answer = lambda handler: handler.head(200, Content_Length=10**18)
    result = fetch(server)
    assert result.exit_code == 3
    assert re.search(r"the disk has \d+ bytes left, and 1000000000000000000 are missing", result.output)
    assert "nothing is kept" in result.output
    assert list(target.parent.iterdir()) == []


def test_a_write_that_fails_half_way(server: Server, target: Path, partial: Path) -> None:
    # A limit on the size of files fails in the same call as a full disk, and needs no other disk.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))"
    with fetch_in_a_process(server, before=limit) as process:
        _, messages = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "File too large" in messages
    assert f"150000 bytes are kept in {partial}" in messages
    assert not target.exists()
    assert partial.read_bytes() == CONTENT[:150_000]
    assert fetch(server).exit_code == 0


def test_two_at_once(server: Server, target: Path, partial: Path) -> None:
    server.answer = stalls
    with fetch_in_a_process(server) as process:
        deadline = time.monotonic() + 20
        while not (partial.exists() and partial.stat().st_size >= 100_000):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        result = fetch(server)
        process.kill()
    assert result.exit_code == 3
    assert f"{partial}: another process is fetching this file" in result.output
    assert server.ranges == [None]


def test_a_cache_that_is_no_folder(server: Server, cache: Path) -> None:
    cache.touch()
    result = fetch(server)
    assert result.exit_code == 3
    assert str(cache) in result.output
    assert server.ranges == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/imdb.npz", "imdb.npz", "http://", "http://[/"])
def test_a_url_that_is_none(cache: Path, url: str) -> None:
    result = CliRunner().invoke(data, ["fetch", "imdb", "--url", url])
    assert result.exit_code == 2
    assert "--url" in result.output
    assert repr(url) in result.output
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("options", [("--sha256", "abc"), ("--sha256", "g" * 64), ("--timeout", "0")])
def test_wrong_options(server: Server, options: tuple[str, ...]) -> None:
    result = fetch(server, *options)
    assert result.exit_code == 2
    assert options[0] in result.output
    assert server.ranges == []


def test_without_requests_the_extra_is_named(server: Server, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    result = fetch(server)
    assert result.exit_code == 3
    assert "pip install 'dcai[data]'" in result.output


def test_a_copy_that_comes_first_is_told(
    server: Server, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "imdb.npz"
    mine.touch()
    monkeypatch.setenv("DCAI_DATA_DIR", str(tmp_path))
    result = fetch(server)
    assert result.exit_code == 0
    assert f"{mine} takes precedence, since DCAI_DATA_DIR comes first" in result.output


def test_progress_is_shown_on_a_terminal(server: Server, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    result = fetch(server)
    assert result.exit_code == 0
    assert "300.0/300.0 kB" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", result.output)


def test_the_published_file_by_default(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("dcai.cli.data.download", lambda *args, **_: asked.extend(args))
    assert CliRunner().invoke(data, ["fetch", "imdb"]).exit_code == 0
    assert asked == [
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
        cache / "imdb.npz",
        "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    ]
