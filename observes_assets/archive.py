"""Batches in the bucket: the book of record.

A batch is what one extraction of one stream's scope produced. Its data object (ndjson, zstd) is named by
its content and put first; then its manifest ``archive/<source>/<stream>/<number>.json``, create-only.
Numbers count 1, 2, 3 … per stream, without gaps; clocks order nothing. Who loses the race for a number
takes the next one, unless the winner has the same scope: then it was overtaken and is dropped.

What belongs here: bytes, numbers and promises about them. What does not: vendors, Postgres, contracts'
meaning (``contracts``), and what a batch does to the warehouse (``landing``).
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import msgspec
import zstandard

from observes_assets.bucket import Bucket, NotInBucketError
from observes_assets.contracts import Contract, StreamContract
from observes_assets.door import door_of
from observes_assets.draft import Draft
from observes_assets.erasure.register import Register
from observes_assets.errors import BusyError, IntegrityError, SettingsError
from observes_assets.scratch import scratch

Scope = dict[str, str]
Cursor = dict[str, Any]
_DIGITS = 10  # 0000000042.json: names sort as numbers do
_CHUNK = 1 << 18  # bytes of lines that are read at a time
_DECISION = ".decision.json"
_SUCCESSOR = ".r"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one batch. Times are UTC; ``extracted_until`` is when its reading ended.

    ``record_count`` is what we read, ``reported_count`` what the vendor says there is to read, if it counts.
    ``erasure`` numbers the newest erasure that the data has passed. When one rewrote the data, a successor
    manifest stands beside the first: it names the new data, and in ``replaces_sha256`` the old.
    """

    batch_id: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)
    source: str
    stream: str
    batch: int
    scope: Scope
    kind: Literal["complete", "differential"]
    previous: int | None
    makes_up_for: list[int]
    extracted_from: datetime
    extracted_until: datetime
    cursor_before: Cursor | None
    cursor_after: Cursor | None
    record_count: int
    byte_count: int
    data: str
    data_sha256: str
    contract_sha256: str
    code_version: str
    reported_count: int | None = None
    erasure: int = 0
    replaces_sha256: str | None = None

    @property
    def title(self) -> str:
        """The batch in words, for messages."""
        scope = "".join(f" {name}={value}" for name, value in self.scope.items())
        return f"batch {self.batch} of {self.source}/{self.stream}{scope}"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """How a person ended a refusal."""

    verdict: Literal["accept", "reject"]
    who: str
    why: str
    decided_at: datetime


class Archive:
    """The batches of one bucket.

    Args:
        register: who was erased; without one, nobody.
    """

    def __init__(self, bucket: Bucket, *, code_version: str, register: Register | None = None) -> None:
        self.bucket = bucket
        self.code_version = code_version
        self.register = register or Register(bucket, _no_key)

    @contextmanager
    def draft(self, *contracts: StreamContract) -> Iterator[Draft]:
        """A draft in a temporary file, which goes away with the block.

        Args:
            contracts: of the stream: its secrets, and people who were erased, stay outside. Without one,
                everything comes in.
        """
        erased = self.register.erased
        with scratch("draft") as folder:
            path = folder / "records.ndjson.zst"
            door = door_of(erased, *contracts) if contracts else None
            draft = Draft(path, door, erasure=erased.number if door else 0)
            try:
                yield draft
            finally:
                draft.close()

    def write(
        self,
        draft: Draft,
        *,
        contract: Contract,
        stream: str,
        scope: Scope,
        kind: Literal["complete", "differential"],
        previous: int | None,
        last_number: int,
        extracted_from: datetime,
        extracted_until: datetime | None = None,
        cursor_before: Cursor | None = None,
        cursor_after: Cursor | None = None,
        makes_up_for: list[int] | None = None,
        reported_count: int | None = None,
    ) -> Manifest:
        """Put the draft into the bucket as the stream's next batch. Durable when it returns.

        Args:
            previous: the last batch of this scope as its extractor saw it.
            last_number: a batch number of the stream that is known to be taken; the next free one follows.
            reported_count: how many records the vendor says that this reading has to bring.

        Raises:
            BusyError: another process archived a batch of the same scope meanwhile; ours is dropped.
        """
        name, data_sha256 = self._put_data(draft, contract, stream)
        manifest = Manifest(
            source=contract.source,
            stream=stream,
            batch=last_number + 1,
            scope=scope,
            kind=kind,
            previous=previous,
            makes_up_for=makes_up_for or [],
            extracted_from=extracted_from,
            extracted_until=extracted_until or datetime.now(UTC),
            cursor_before=cursor_before,
            cursor_after=cursor_after,
            record_count=draft.record_count,
            byte_count=draft.byte_count,
            data=name,
            data_sha256=data_sha256,
            contract_sha256=contract.sha256,
            code_version=self.code_version,
            reported_count=reported_count,
            erasure=draft.erasure,
        )
        return self._take_number(manifest)

    def put_successor(self, manifest: Manifest) -> None:
        """Put a successor manifest: the batch's data is what it names, from now on."""
        name = _name(manifest.source, manifest.stream, manifest.batch).removesuffix(".json")
        name += f"{_SUCCESSOR}{manifest.erasure:0{_DIGITS}}.json"
        self.bucket.put_new(name, msgspec.json.encode(manifest))

    def _put_data(self, draft: Draft, contract: Contract, stream: str) -> tuple[str, str]:
        sha256 = draft.close()
        name = f"data/{contract.source}/{stream}/{sha256}.ndjson.zst"
        self.bucket.put_new(f"contracts/{contract.sha256}.yaml", contract.text)
        self.bucket.put_new(name, draft.path)
        return name, sha256

    def _take_number(self, manifest: Manifest) -> Manifest:
        while not self.bucket.put_new(
            _name(manifest.source, manifest.stream, manifest.batch), msgspec.json.encode(manifest)
        ):
            winner = self.manifest(manifest.source, manifest.stream, manifest.batch)
            if winner.scope == manifest.scope:
                raise BusyError(
                    f"Another process archived {winner.title} first, so ours was dropped.",
                    "Run again; nothing is lost.",
                )
            manifest = msgspec.structs.replace(manifest, batch=manifest.batch + 1)
        return manifest

    def manifest(self, source: str, stream: str, batch: int) -> Manifest:
        """Read one manifest, the newest of its batch.

        Raises:
            IntegrityError: it is missing or torn.
        """
        name = _name(source, stream, batch)
        if self.register.erased.number:
            name = max(self.bucket.names(name.removesuffix(".json") + _SUCCESSOR), default=name)
        return self._read(name)

    def _read(self, name: str) -> Manifest:
        try:
            return msgspec.json.decode(self.bucket.get(name), type=Manifest)
        except msgspec.DecodeError:
            raise IntegrityError(
                f"The manifest {name} in {self.bucket.url} is unreadable.", "Restore it from a good copy."
            ) from None

    def listing(self, source: str, stream: str, after: int) -> Iterator[tuple[Manifest, Decision | None]]:
        """Manifests after a number, in order, each with the decision about it, if there is one.

        Raises:
            IntegrityError: a number is missing, so the bucket has lost a batch.
        """
        folder = f"archive/{source}/{stream}/"
        expected = after + 1
        found = self.bucket.names(folder, after=_name(source, stream, after))
        for number, together in groupby(found, lambda name: int(name[len(folder) :][:_DIGITS])):
            names = list(together)
            if number <= after:
                continue  # successors of batches that are known
            if number != expected or _name(source, stream, number) not in names:
                raise IntegrityError(
                    f"The bucket {self.bucket.url} lacks batch {expected} of {source}/{stream}, "
                    f"but has batch {number}.",
                    "Restore the missing object; batches are never deleted.",
                )
            expected += 1
            # "….decision.json" sorts before "….json", and that before "….r….json".
            manifest = self._read(names[-1])
            yield manifest, self.decision(manifest) if _decision(manifest) in names else None

    def download(self, manifest: Manifest, path: Path) -> None:
        """Fetch a batch's data and hold it against its sha256.

        Raises:
            IntegrityError: the object is missing or holds other bytes than its manifest says.
        """
        try:
            self.bucket.download(manifest.data, path)
        except NotInBucketError:
            raise IntegrityError(
                f"The data of {manifest.title} is missing: {manifest.data}.", "Restore it from a good copy."
            ) from None
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != manifest.data_sha256:
            raise IntegrityError(
                f"The data of {manifest.title} has sha256 {found[:12]}…, its manifest says "
                f"{manifest.data_sha256[:12]}….",
                f"Restore {manifest.data} from a good copy.",
            )

    def contract_text(self, sha256: str) -> bytes:
        """The contract that a batch was extracted under."""
        return self.bucket.get(f"contracts/{sha256}.yaml")

    def decide(self, manifest: Manifest, decision: Decision) -> bool:
        """Write down how a refusal ends; False if it was decided before."""
        return self.bucket.put_new(_decision(manifest), msgspec.json.encode(decision))

    def decision(self, manifest: Manifest) -> Decision | None:
        """The decision about a refused batch, if there is one."""
        try:
            return msgspec.json.decode(self.bucket.get(_decision(manifest)), type=Decision)
        except NotInBucketError:
            return None


def _no_key() -> bytes:
    raise SettingsError(
        "People were erased here, and there is no pseudonym key to know them by.",
        "Set OBSERVES_PSEUDONYM_KEY, or restore pseudonym.key in the home.",
    )


def _name(source: str, stream: str, batch: int) -> str:
    return f"archive/{source}/{stream}/{batch:0{_DIGITS}}.json"


def _decision(manifest: Manifest) -> str:
    return _name(manifest.source, manifest.stream, manifest.batch).removesuffix(".json") + _DECISION


def lines(path: Path) -> Iterator[bytes]:
    """The records of a downloaded batch, one JSON document each, without the line break."""
    with (
        path.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file, read_size=_CHUNK, read_across_frames=True) as reader,
    ):
        rest = b""
        while chunk := reader.read(_CHUNK):
            parts = (rest + chunk).split(b"\n")
            rest = parts.pop()
            yield from parts
        if rest:
            yield rest
