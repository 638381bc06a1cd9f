"""A small vendor of the tests' own: a seeded world behind a real HTTP server, with switches for its faults.

``GET /parcels?region=eu&since=0&page=0`` answers lines of JSON, one parcel each, and says in headers how many
there are (``X-Count`` here, ``X-Total`` in all), where the next page is (``X-Next``) and up to which of its
own changes it reads (``X-Sequence``).
"""

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from tests.torture.poison import POISONS, Poison

PAGE = 10  # parcels; the large region's pages hold twenty times more
SIZES = {"eu": 25, "us": 25, "large": 600}
SLOW_SECONDS = 0.6  # longer than an impatient client waits
MOST_POISONED = 3  # as the contract: one more, and the batch is refused

Fault = Literal["slow", "cut", "cut in a line", "repeated page", "wrong page", "busy", "down", "not data"]
FAULTS: tuple[Fault, ...] = (
    "slow", "cut", "cut in a line", "repeated page", "wrong page", "busy", "down", "not data",
)  # fmt: skip


@dataclass
class Parcel:
    """One thing of the world; ``amount`` is JSON as the vendor writes it."""

    amount: str
    state: str
    changed: int
    poison: str | None = None


@dataclass
class World:
    """What the vendor would answer if it had no faults. Everything in it comes from the seed."""

    random: random.Random
    sequence: int = 0
    fields: dict[str, str] = field(default_factory=dict)  # sent beside the usual ones
    promised: dict[str, str] = field(default_factory=dict)  # those of them that the contract now demands
    is_typed_wrong: bool = False
    lacks_state: bool = False
    regions: dict[str, dict[str, Parcel]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for region, size in SIZES.items():
            self.regions[region] = {}
            for _ in range(size):
                self.add(region)

    def add(self, region: str) -> str:
        """A new parcel; returns its id."""
        self.sequence += 1
        parcel_id = f"{region[0]}{self.sequence}"
        self.regions[region][parcel_id] = Parcel("1.0", "new", self.sequence)
        return parcel_id

    def touch(self, region: str, parcel_id: str) -> Parcel:
        """The parcel, about to change."""
        self.sequence += 1
        parcel = self.regions[region][parcel_id]
        parcel.changed = self.sequence
        return parcel

    def live(self, region: str) -> None:
        """A while passes: some parcels come, some change, some go."""
        parcels = self.regions[region]
        for parcel_id in self.random.sample(sorted(parcels), max(2, len(parcels) // 20)):
            parcel = self.touch(region, parcel_id)
            parcel.amount = f"{self.random.randint(0, 99)}.{self.random.choice(['1', '10', '100', '5'])}"
            parcel.state = self.random.choice(["new", "sent", "lost"])
        for parcel_id in self.random.sample(sorted(parcels), self.random.randint(0, 2)):
            del parcels[parcel_id]
        for _ in range(max(0, self.random.randint(-1, 3) + (SIZES[region] - len(parcels)) // 4)):
            self.add(region)

    def poison(self, region: str, name: str) -> None:
        """Spoil a parcel; the oldest spoiled one heals when there would be too many."""
        spoiled = self.poisoned(region)
        if len(spoiled) >= MOST_POISONED:
            self.touch(region, spoiled[0]).poison = None
        chosen = self.random.choice(sorted(set(self.regions[region]) - set(spoiled)))
        self.touch(region, chosen).poison = name

    def poisoned(self, region: str) -> list[str]:
        """Spoiled parcels, those first that changed longest ago."""
        parcels = self.regions[region]
        return sorted((key for key in parcels if parcels[key].poison), key=lambda key: parcels[key].changed)

    def rewrite(self) -> None:
        """Every parcel has changed: a field came or went."""
        for region, parcels in self.regions.items():
            for parcel_id in parcels:
                self.touch(region, parcel_id)

    def heal(self) -> None:
        """No parcel is spoiled, and the vendor keeps its contract."""
        for region in self.regions:
            for parcel_id in self.poisoned(region):
                self.touch(region, parcel_id).poison = None
        if self.is_typed_wrong or self.lacks_state or not self.promised.items() <= self.fields.items():
            self.is_typed_wrong = self.lacks_state = False
            self.fields |= self.promised
            self.rewrite()

    def line(self, region: str, parcel_id: str) -> bytes:
        """A parcel as the vendor sends it."""
        parcel = self.regions[region][parcel_id]
        amount = '"much"' if self.is_typed_wrong else parcel.amount
        state = "" if self.lacks_state else f',"state":"{parcel.state}"'
        more = "".join(f',"{name}":{value}' for name, value in self.fields.items())
        line = f'{{"region":"{region}","parcel_id":"{parcel_id}","amount":{amount}{state}{more}}}'.encode()
        return POISONS[parcel.poison].spoil(line) if parcel.poison else line

    def poison_of(self, region: str, parcel_id: str) -> Poison | None:
        """What a parcel is spoiled with."""
        name = self.regions[region][parcel_id].poison
        return POISONS[name] if name else None


class Vendor(ThreadingHTTPServer):
    """Serves a world; ``faults`` happen to the next requests, one each (None: that one is answered well)."""

    daemon_threads = True

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.world = world
        self.faults: list[Fault | None] = []
        self.met: list[Fault] = []
        self.lock = threading.Lock()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return "127.0.0.1", self.server_address[1]

    def next_fault(self) -> Fault | None:
        """What happens to this request."""
        with self.lock:
            fault = self.faults.pop(0) if self.faults else None
            if fault:
                self.met.append(fault)
            return fault


class Answer(BaseHTTPRequestHandler):
    """Answers one request, well or badly."""

    server: Vendor

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A page of parcels."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        region, since, page = asked["region"], int(asked["since"]), int(asked["page"])
        fault = self.server.next_fault()
        if fault in {"busy", "down", "not data"}:
            self.fail(fault)
            return
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        world, size = self.server.world, PAGE * (20 if region == "large" else 1)
        parcels = world.regions[region]
        lines = [world.line(region, key) for key in sorted(parcels) if parcels[key].changed > since]
        shown = max(0, page - 1) if fault == "wrong page" else page
        found = lines[shown * size : (shown + 1) * size]
        following = page if fault == "repeated page" else page + 1
        headers = {"X-Count": len(found), "X-Total": len(lines), "X-Sequence": world.sequence}
        if following * size < len(lines):
            headers["X-Next"] = following
        self.send(200, headers, b"\n".join(found), fault)

    def fail(self, fault: str) -> None:
        """An answer that holds no parcels."""
        status, headers, body = {
            "busy": (429, {"Retry-After": 0}, b"Retry later\n"),
            "down": (503, {}, b"<html>upstream</html>"),
            "not data": (200, {"Content-Type": "text/html"}, b"<html>Please sign in</html>"),
        }[fault]
        self.send(status, headers, body, None)

    def send(self, status: int, headers: dict[str, object], body: bytes, fault: Fault | None) -> None:
        """Send an answer, or what is left of it."""
        if fault == "cut in a line":  # and nothing tells: the length is that of what is sent
            body = body[: len(body) - len(body.rpartition(b"\n")[2]) // 2]
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        with contextlib.suppress(OSError):  # an impatient client has gone
            self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
