"""The first client of a new source, against a server that misbehaves."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stamina

from observes_assets.contracts.questionnaire.client import read
from observes_assets.errors import PermanentError, TransientError
from observes_assets.retries import tell_retries

Answer = Callable[[BaseHTTPRequestHandler], Any]


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve these answers, the last one for ever; gives the address."""
    servers = []

    def start(*answers: Answer) -> str:
        waiting = list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                (waiting.pop(0) if len(waiting) > 1 else waiting[0])(self)

            def log_message(self, *arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/orders?key=hidden"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def whole(body: bytes, code: int = 200, missing: int = 0) -> Answer:
    """Answer with a body, of which ``missing`` bytes never come."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body) + missing))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def chunked(body: bytes, *, is_whole: bool) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if is_whole else b""))
        handler.close_connection = True

    return answer


LINES = b'{"a": 1.10}\n\n  {"a": 12345678901234567890}\r\n'
RECORDS = [b'{"a": 1.10}', b'{"a": 12345678901234567890}']


def test_lines_are_the_vendor_s_own_bytes(serve: Callable[..., str]) -> None:
    assert list(read(serve(whole(LINES)))) == RECORDS
    assert list(read(serve(chunked(LINES, is_whole=True)))) == RECORDS


def test_an_array_s_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_bytes(b' \n[{"a": 1.10},\n {"a":\n 12345678901234567890}]')
    assert list(read(str(path))) == [b'{"a":1.10}', b'{"a":12345678901234567890}']


@pytest.mark.parametrize("code", [429, 500, 503])
def test_what_may_pass_is_tried_again(serve: Callable[..., str], code: int) -> None:
    assert list(read(serve(whole(b"", code), whole(LINES)))) == RECORDS


def test_trying_again_is_told_in_the_log_without_the_address(
    serve: Callable[..., str], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_retries()
    assert list(read(serve(whole(b"", 503), whole(LINES)))) == RECORDS
    assert caplog.messages == ["127.0.0.1 answered 503. Try 2 follows in 0.0 s."]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("broken", [whole(LINES, missing=5), chunked(LINES, is_whole=False)])
def test_a_body_that_breaks_off_is_no_body(serve: Callable[..., str], broken: Answer) -> None:
    assert list(read(serve(broken, whole(LINES)))) == RECORDS
    with pytest.raises(TransientError) as failure:
        list(read(serve(broken)))
    assert "hidden" not in str(failure.value)


def test_what_will_not_pass_is_not_tried_again(serve: Callable[..., str]) -> None:
    with pytest.raises(PermanentError, match=r"127\.0\.0\.1 answered 404") as failure:
        list(read(serve(whole(b"", 404), whole(LINES))))
    assert "hidden" not in str(failure.value)


def test_nobody_there() -> None:
    with pytest.raises(TransientError, match="can't be read"):
        list(read("http://127.0.0.1:9/orders"))


@pytest.mark.parametrize("body", [b"[1, 2", b'[{"a": 1} {"a": 2}]'])
def test_half_an_array_is_none(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "orders.json"
    path.write_bytes(body)
    with pytest.raises(PermanentError, match="no JSON array"):
        list(read(str(path)))


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_bytes(b"\n")
    assert list(read(str(path))) == []
