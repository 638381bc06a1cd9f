"""What every vendor's server has in common: HTTP on this machine only, switches, a way to look in."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import orjson

from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.switches import Instead, Switches
from observes_assets.sandbox.world import World


class Vendor(ABC):
    """A vendor as the world has it. ``address`` is what clients write: http://host:port."""

    def __init__(self, world: World, address: str, *, latency_seconds: float = 0.0) -> None:
        self.world = world
        self.address = address
        self.latency_seconds = latency_seconds
        self.switches = Switches()
        self.requests: list[Request] = []
        self.failures: list[Exception] = []

    @abstractmethod
    def true_answer(self, request: Request) -> Answer:
        """The answer when nothing is switched."""

    @abstractmethod
    def failed(self, message: str) -> Answer:
        """What the vendor says when it failed."""

    @abstractmethod
    def fault(self, name: str, **options: Any) -> Instead:
        """A fault by its name, for those who switch from outside the process.

        Raises:
            KeyError: there is none of this name.
        """

    def headers(self, request: Request) -> dict[str, str]:  # noqa: ARG002 - the vendor's may depend on it
        """What every answer has, unless it has its own."""
        return {"Content-Type": "application/json; charset=utf-8"}

    def understood(self, request: Request) -> Request:
        """The request as this vendor reads it."""
        return request

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        ends_at = time.monotonic() + self.latency_seconds
        request = self.understood(request)
        self.requests.append(request)
        made = self.switches.altered(request, self.answered(request))
        for change in self.switches.changes_after(request):
            self.world.change(change)
        made.headers = self.headers(request) | made.headers
        if (left := ends_at - time.monotonic()) > 0:
            time.sleep(left)
        return made

    def answered(self, request: Request, refused: Answer | None = None) -> Answer:
        """What a switch says, else the refusal, else the truth."""
        try:
            return self.switches.instead_of(request) or refused or self.true_answer(request)
        except Exception as error:
            # Ours, not the client's: told to whoever runs the server, and to the client in the vendor's form.
            self.failures.append(error)
            return self.failed(f"The sandbox failed: {error!r}")

    def _control(self, request: Request) -> Answer:
        """Switches for those outside of this process: clock, faults, and what was asked so far."""
        body: dict[str, Any] = orjson.loads(request.body) if request.body else {}
        if request.path == "/_sandbox/clock":
            if body:
                self.world.set_clock(datetime.fromisoformat(body["at"]))
            return Answer(body={"at": self.world.now.isoformat()})
        if request.path == "/_sandbox/faults":
            if not body:
                self.switches.clear()
            else:
                act = self.fault(body["fault"], **body.get("options", {}))
                counts = {name: int(body[name]) for name in ("times", "skip") if name in body}
                self.switches.answer_instead(body["pattern"], act, **counts)
            return Answer(body={})
        if request.path == "/_sandbox/requests":
            return Answer(body=[one.name for one in self.requests])
        return Answer(404, {"message": "Not Found"})


Served = TypeVar("Served", bound=Vendor)


@contextmanager
def serving(make: Callable[[str], Served], *, port: int = 0, is_shared: bool = False) -> Iterator[Served]:
    """Serve a vendor on the loopback interface, in threads of this process, until the block ends.

    Args:
        make: the vendor, from the address that clients write.
        port: 0 takes a free one.
        is_shared: several processes of one user may serve the same world on the same port; if somebody
            else has the port, a free one is taken.
    """
    with _Listener.on(port, is_shared=is_shared) as listener:
        vendor = make(listener.address)
        listener.vendor = vendor
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield vendor
        finally:
            listener.shutdown()
            thread.join()


class _Listener(ThreadingHTTPServer):
    """Listens on the loopback interface; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128
    vendor: Vendor

    def __init__(self, port: int = 0, *, is_shared: bool = False) -> None:
        self.allow_reuse_port = is_shared
        super().__init__(("127.0.0.1", port), _Handler)

    @classmethod
    def on(cls, port: int, *, is_shared: bool) -> "_Listener":
        """Listen on this port; where it need not be this one, on a free one if it is taken."""
        try:
            return cls(port, is_shared=is_shared)
        except OSError:
            if not is_shared:
                raise
            return cls(0)

    @property
    def address(self) -> str:
        """What clients write."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        answer = self.server.vendor.answer(request)
        content = answer.content()
        # One write: a second small one would wait for the first one's acknowledgement.
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += [f"Content-Length: {len(content)}", "", ""]
        shown = content if answer.cut_after is None else content[: answer.cut_after]
        self.wfile.write("\r\n".join(lines).encode() + shown)
        if answer.cut_after is not None:
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the vendor's ``requests`` have it all."""
