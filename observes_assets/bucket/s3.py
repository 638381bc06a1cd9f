"""A bucket in S3, or in a server that speaks its language and keeps its conditional writes.

``AWS_ENDPOINT_URL``, ``AWS_PROFILE``, ``AWS_REGION``, keys and the rest of AWS's own settings are read by
boto3 itself. boto3 repeats requests that got no answer, or one of 429 and 5xx; the loops here repeat what
it can't: an upload that met another one, and a download that broke off.
"""

import hashlib
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import stamina
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from observes_assets.bucket.disk import CHUNK_BYTES, chunks, whole_file
from observes_assets.bucket.names import NotInBucketError, check_name, check_prefix, start_marker, walk
from observes_assets.bucket.s3_errors import CONDITIONS, error_code, explain_silence, explained, status_code
from observes_assets.errors import SettingsError, TransientError

_ATTEMPTS = 5
_ONE_REQUEST_BYTES = 64 << 20  # S3 takes up to 5 GB at once, but a broken upload starts again from 0
_PART_BYTES = 8 << 20  # times _PART_THREADS is what an upload takes of memory
_PART_THREADS = 4
_PARTS = 10_000  # S3's limit
_PREFIX_BYTES = 100  # S3's limit of 1024 for a key, less what a name may take
_CREATE_ONLY = {"IfNoneMatch": "*"}
_URL = re.compile(r"s3://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,62})(?:/(?P<prefix>.*))?")


class _ConflictError(TransientError):
    """Another upload to the same name came in between (409); S3 asks to start again."""


class _InterruptedError(TransientError):
    """A download broke off after its answer had begun."""


_AGAIN = (_ConflictError, _InterruptedError)


def open_s3_bucket(url: str) -> "S3Bucket":
    """Open ``s3://bucket/prefix`` and make sure that it can be listed, and keeps create-only writes.

    Raises:
        SettingsError: URL, credentials, rights, bucket or server won't do.
        TransientError: the server doesn't answer.
    """
    name, prefix = parse_url(url)
    clean_url = f"s3://{name}/{prefix}".rstrip("/")
    config = Config(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        connect_timeout=5,
        read_timeout=60,
        tcp_keepalive=True,
        user_agent_appid="observes",
    )
    try:
        with explained(clean_url):
            client = boto3.session.Session().client("s3", config=config)
    except ValueError:  # botocore's word for a malformed AWS_ENDPOINT_URL; it may hold a password
        raise SettingsError("AWS_ENDPOINT_URL isn't a URL.", "Use https://host:port.") from None
    bucket = S3Bucket(client, name, prefix)
    bucket.probe()
    return bucket


def parse_url(url: str) -> tuple[str, str]:
    """Bucket and prefix ('' or 'a/b') of an ``s3://`` URL.

    Raises:
        SettingsError: it isn't one; the message doesn't repeat it, since it may hold a key.
    """
    match = _URL.fullmatch(url)
    prefix = (match["prefix"] or "").strip("/") if match else ""
    try:
        check_prefix(prefix)
    except ValueError:
        match = None
    if match is None or len(prefix.encode()) > _PREFIX_BYTES:
        raise SettingsError(
            "OBSERVES_BUCKET_URL isn't s3://bucket or s3://bucket/prefix.",
            "Correct it; keys belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    return match["bucket"], prefix


class S3Bucket:
    """Objects of an S3 bucket below a prefix.

    Args:
        client: boto3's S3 client.
        bucket: S3's name for it.
        prefix: '' or 'a/b', put before every name.
    """

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._client = client
        self._bucket = bucket
        self._base = f"{prefix}/" if prefix else ""

    def probe(self) -> None:
        """Demand that the bucket can be listed, and that the second create-only write to a name fails.

        Raises:
            SettingsError: it isn't so.
        """
        name = f"probe/{uuid.uuid4().hex}"
        with explained(self.url):
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._base, MaxKeys=1)
        self._upload(self._key(name), b"", _CREATE_ONLY)
        try:
            is_kept = not self._upload(self._key(name), b"", _CREATE_ONLY)
        finally:
            self.delete(name)
        if not is_kept:
            raise SettingsError(
                f"The server of the bucket {self.url} ignores If-None-Match: it lets a second write through.",
                CONDITIONS,
            )

    def put_new(self, name: str, data: bytes | Path) -> bool:
        """Create the object unless the name exists."""
        key = self._key(name)
        for attempt in stamina.retry_context(on=_AGAIN, attempts=_ATTEMPTS, timeout=None):
            with attempt:
                # A taken name is taken by somebody else, or by us, if an answer got lost on its way.
                return self._upload(key, data, _CREATE_ONLY) or self._holds(key, data)
        raise AssertionError("unreachable: the last attempt raises")

    def put(self, name: str, data: bytes | Path) -> None:
        """Create or replace the object."""
        key = self._key(name)
        for attempt in stamina.retry_context(on=_AGAIN, attempts=_ATTEMPTS, timeout=None):
            with attempt:
                self._upload(key, data, {})

    def get(self, name: str) -> bytes:
        """The object's bytes."""
        key = self._key(name)
        for attempt in stamina.retry_context(on=_AGAIN, attempts=_ATTEMPTS, timeout=None):
            with attempt:
                return b"".join(self._read(key))
        raise AssertionError("unreachable: the last attempt raises")

    def download(self, name: str, path: Path) -> None:
        """Stream the object into a local file."""
        key = self._key(name)
        for attempt in stamina.retry_context(on=_AGAIN, attempts=_ATTEMPTS, timeout=None):
            with attempt, whole_file(path) as file:
                for chunk in self._read(key):
                    file.write(chunk)

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        return self._size(self._key(name)) is not None

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """Names with that prefix, greater than ``after``, sorted."""
        return walk(self._level, check_prefix(prefix), after)

    def delete(self, name: str) -> None:
        """Remove the object."""
        with explained(self.url):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def keeps_deleted(self) -> bool:
        """Whether the bucket has versions, or won't tell."""
        try:
            answer = self._client.get_bucket_versioning(Bucket=self._bucket)
        except ClientError:
            return True
        return "Status" in answer

    def _key(self, name: str) -> str:
        return self._base + check_name(name)

    def _level(self, parent: str, prefix: str, after: str) -> Iterator[str]:
        """What is directly below ``parent``: 1,000 names a request."""
        options = {"Prefix": self._base + max(parent, prefix, key=len), "Delimiter": "/"}
        if marker := start_marker(parent, after):
            options["StartAfter"] = self._base + marker
        paginator = self._client.get_paginator("list_objects_v2")
        with explained(self.url):
            for page in paginator.paginate(Bucket=self._bucket, **options):
                for level in page.get("CommonPrefixes", ()):
                    yield level["Prefix"][len(self._base) :]
                for item in page.get("Contents", ()):
                    yield item["Key"][len(self._base) :]

    def _upload(self, key: str, data: bytes | Path, condition: dict[str, str]) -> bool:
        """Upload, in parts if it is large.

        Returns:
            False if the condition doesn't hold (412).
        """
        is_large = isinstance(data, Path) and data.stat().st_size > _ONE_REQUEST_BYTES
        if is_large and condition and self._size(key) is not None:
            return False  # known before the bytes have travelled
        with explained(self.url):
            try:
                if isinstance(data, Path) and is_large:
                    self._upload_parts(key, data, condition)
                elif isinstance(data, Path):
                    with data.open("rb") as file:
                        self._client.put_object(Bucket=self._bucket, Key=key, Body=file, **condition)
                else:
                    self._client.put_object(Bucket=self._bucket, Key=key, Body=data, **condition)
            except ClientError as error:
                if status_code(error) == 412 and condition:
                    return False
                if status_code(error) == 409 or error_code(error) == "NoSuchUpload":
                    raise self._conflict() from error
                raise
        return True

    def _upload_parts(self, key: str, path: Path, condition: dict[str, str]) -> None:
        at = {"Bucket": self._bucket, "Key": key}
        size = path.stat().st_size
        part_bytes = max(_PART_BYTES, -(-size // _PARTS))
        at["UploadId"] = self._client.create_multipart_upload(**at)["UploadId"]

        def upload(number: int) -> dict[str, Any]:
            with path.open("rb") as file:
                file.seek((number - 1) * part_bytes)
                part = self._client.upload_part(**at, PartNumber=number, Body=file.read(part_bytes))
            return {"PartNumber": number, "ETag": part["ETag"]}

        try:
            with ThreadPoolExecutor(_PART_THREADS) as pool:
                parts = list(pool.map(upload, range(1, -(-size // part_bytes) + 1)))
            self._client.complete_multipart_upload(**at, MultipartUpload={"Parts": parts}, **condition)
        except BaseException:
            with suppress(BotoCoreError, ClientError):  # what went wrong first is what counts
                self._client.abort_multipart_upload(**at)
            raise

    def _holds(self, key: str, data: bytes | Path) -> bool:
        """Whether the object has just these bytes."""
        size = self._size(key)
        if size is None:  # removed since the name was found taken
            raise self._conflict()
        if size != (len(data) if isinstance(data, bytes) else data.stat().st_size):
            return False
        ours, theirs = hashlib.sha256(), hashlib.sha256()
        for chunk in chunks(data):
            ours.update(chunk)
        for chunk in self._read(key):
            theirs.update(chunk)
        return ours.digest() == theirs.digest()

    def _conflict(self) -> _ConflictError:
        return _ConflictError(
            f"Uploads to one name in the bucket {self.url} get in each other's way.", "Run again later."
        )

    def _size(self, key: str) -> int | None:
        with explained(self.url):
            try:
                return int(self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"])
            except ClientError as error:
                if status_code(error) == 404:
                    return None
                raise

    def _read(self, key: str) -> Iterator[bytes]:
        """The object in pieces; complete, or an error.

        Raises:
            NotInBucketError: there is no such object.
            _InterruptedError: worth reading again from the start.
        """
        with explained(self.url):
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            except ClientError as error:
                if status_code(error) == 404 and error_code(error) != "NoSuchBucket":
                    raise NotInBucketError(self.url, key[len(self._base) :]) from None
                raise
        with body:
            try:
                yield from body.iter_chunks(CHUNK_BYTES)
            except BotoCoreError as error:
                failure = explain_silence(error, self.url)
                raise _InterruptedError(failure.message, failure.remedy) from error
