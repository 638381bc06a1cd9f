import logging
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from observes_assets.bucket import Bucket, NotInBucketError, open_bucket, s3
from observes_assets.errors import ObservesError, SettingsError, TransientError
from tests.integration.bucket_contract import BucketContract
from tests.integration.faulty_s3 import FaultyS3

SECRET = "do-not-show-this"


@pytest.fixture(scope="module")
def way() -> Iterator[FaultyS3]:
    """The way to the server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with FaultyS3(server.get_host_and_port()) as way:
        thread = threading.Thread(target=way.serve_forever, daemon=True)
        thread.start()
        yield way
        way.shutdown()
        thread.join()
    server.stop()


@pytest.fixture(autouse=True)
def environment(way: FaultyS3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", way.url)
    way.reset()


@pytest.fixture
def s3_name(environment: None) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    boto3.session.Session().client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["", "/some/prefix"])
def bucket(s3_name: str, request: pytest.FixtureRequest) -> Bucket:
    return open_bucket(f"s3://{s3_name}{request.param}")


@pytest.fixture
def one(s3_name: str) -> Bucket:
    return open_bucket(f"s3://{s3_name}/prefix")


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file that goes up in two parts; S3 wants 5 MiB of each but the last."""
    monkeypatch.setattr(s3, "_ONE_REQUEST_BYTES", 1 << 20)
    monkeypatch.setattr(s3, "_PART_BYTES", 5 << 20)
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * (6 << 12))
    return path


class TestContract(BucketContract):
    pass


def test_prefixes_share_a_bucket(s3_name: str) -> None:
    left, right = open_bucket(f"s3://{s3_name}/left/"), open_bucket(f"s3://{s3_name}/right")
    assert left.put_new("a", b"left")
    assert right.put_new("a", b"right")
    assert left.url == f"s3://{s3_name}/left"
    assert list(open_bucket(f"s3://{s3_name}").names("")) == ["left/a", "right/a"]  # no probe is left


def test_more_names_than_one_answer_holds(
    one: Bucket, way: FaultyS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")  # an answer of S3 holds 1,000
    expected = [f"many/{number:03}.json" for number in range(25)]
    for name in [*expected, "many/100/inside"]:
        one.put(name, b"")
    way.reset()
    assert list(one.names("many/")) == [*expected, "many/100/inside"]
    assert len(way.requests) == 4
    way.reset()
    assert list(one.names("many/", after="many/023.json")) == ["many/024.json", "many/100/inside"]
    assert len(way.requests) == 2  # the server skips, not we


def test_large_files_go_up_in_parts(one: Bucket, parts: Path, way: FaultyS3, tmp_path: Path) -> None:
    assert one.put_new("large", parts)
    assert sum("partNumber" in request for request in way.requests) == 2
    one.download("large", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == parts.read_bytes()
    parts.write_bytes(parts.read_bytes()[::-1])
    assert not one.put_new("large", parts)
    one.put("large", parts)
    one.download("large", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == parts.read_bytes()


def test_the_first_large_file_keeps_the_name(one: Bucket, parts: Path, way: FaultyS3) -> None:
    assert one.put_new("large", b"small, and first")
    # The check before the upload sees nothing yet: only the condition at its end can tell.
    way.fail("missing", method="HEAD")
    assert not one.put_new("large", parts)
    assert one.get("large") == b"small, and first"
    assert any(request.startswith("DELETE") and "uploadId" in request for request in way.requests)


def test_an_upload_that_fails_leaves_no_parts(one: Bucket, parts: Path, s3_name: str, way: FaultyS3) -> None:
    way.fail("denied", method="PUT", query="partNumber")
    with pytest.raises(SettingsError, match="denies access"):
        one.put_new("large", parts)
    uploads = boto3.session.Session().client("s3").list_multipart_uploads(Bucket=s3_name)
    assert "Uploads" not in uploads
    assert not one.exists("large")


def test_busy_server(one: Bucket, way: FaultyS3) -> None:
    way.fail("unavailable", "unavailable", method="PUT")
    assert one.put_new("a", b"x")
    way.fail("unavailable", method="GET")
    assert one.get("a") == b"x"


def test_uploads_that_meet(one: Bucket, way: FaultyS3, parts: Path) -> None:
    way.fail("conflict", method="PUT")
    assert one.put_new("a", b"x")
    way.fail("conflict", method="POST", query="uploadId")
    assert one.put_new("large", parts)
    way.fail("conflict", method="PUT")
    assert not one.put_new("a", b"other")


def test_uploads_that_always_meet(one: Bucket, way: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_ATTEMPTS", 2)
    way.fail("conflict", "conflict", method="PUT")
    with pytest.raises(TransientError, match="get in each other's way"):
        one.put_new("a", b"x")
    assert not one.exists("a")


@pytest.mark.parametrize("is_large", [False, True])
def test_lost_answer_of_a_write_that_worked(one: Bucket, way: FaultyS3, parts: Path, is_large: bool) -> None:
    data = parts if is_large else b"x" * 10
    way.fail("lost", method="POST" if is_large else "PUT", query="uploadId" if is_large else "")
    assert one.put_new("a", data)
    assert one.exists("a")
    assert not one.put_new("a", b"y" * 10)


def test_lost_answer_of_a_write_that_lost(one: Bucket, way: FaultyS3) -> None:
    one.put("a", b"theirs")
    way.fail("lost", method="PUT")
    assert not one.put_new("a", b"ours!!")
    assert one.get("a") == b"theirs"


def test_broken_downloads_start_again(one: Bucket, way: FaultyS3, tmp_path: Path) -> None:
    data = bytes(range(256)) * 20_000
    one.put("a", data)
    way.fail("cut", "cut", method="GET")
    assert one.get("a") == data
    way.fail("cut", "lost", "cut", method="GET")
    one.download("a", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == data


def test_download_that_never_ends(
    one: Bucket, way: FaultyS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.put("a", b"x" * 1000)
    monkeypatch.setattr(s3, "_ATTEMPTS", 2)
    way.fail("cut", "cut", method="GET")
    with pytest.raises(TransientError, match="doesn't answer, or not fully"):
        one.download("a", tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_server_without_conditional_writes(s3_name: str, way: FaultyS3) -> None:
    way.keeps_conditions = False
    with pytest.raises(SettingsError, match=f"s3://{s3_name} ignores If-None-Match"):
        open_bucket(f"s3://{s3_name}")
    way.keeps_conditions = True
    assert list(open_bucket(f"s3://{s3_name}").names("")) == []


def test_no_such_bucket() -> None:
    with pytest.raises(SettingsError, match=r"s3://not-there/prefix doesn't exist\. Make it, or correct"):
        open_bucket("s3://not-there/prefix")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_rights(s3_name: str, way: FaultyS3, method: str) -> None:
    way.fail("denied", method=method)
    with pytest.raises(SettingsError, match=r"denies access\. It needs s3:ListBucket") as caught:
        open_bucket(f"s3://{s3_name}")
    assert SECRET not in str(caught.value)


def test_no_credentials(s3_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SettingsError, match="no usable credentials"):
        open_bucket(f"s3://{s3_name}")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    with pytest.raises(SettingsError, match="no usable credentials"):
        open_bucket(f"s3://{s3_name}")


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:{SECRET}@127.0.0.1:{port}")
        monkeypatch.setattr(s3, "_ATTEMPTS", 1)
        with pytest.raises(TransientError, match="doesn't answer") as caught:
            open_bucket("s3://bucket")
    assert SECRET not in str(caught.value)


def test_endpoint_that_is_no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", SECRET)
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL isn't a URL") as caught:
        open_bucket("s3://bucket")
    assert SECRET not in str(caught.value)


def test_bucket_that_vanishes(one: Bucket, s3_name: str) -> None:
    boto3.session.Session().client("s3").delete_bucket(Bucket=s3_name)
    for use in (one.get, lambda name: one.put_new(name, b""), lambda name: list(one.names(name))):
        with pytest.raises(ObservesError, match="doesn't exist") as caught:
            use("a")
        assert not isinstance(caught.value, NotInBucketError)
