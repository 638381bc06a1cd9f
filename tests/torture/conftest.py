"""A stage over a folder, and one over S3; the seed makes them the same each time."""

import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from socketserver import BaseServer
from typing import Any

import boto3
import psycopg
import pytest
import stamina.instrumentation
from botocore.config import Config
from botocore.retries.standard import ExponentialBackoff
from moto.server import ThreadedMotoServer
from psycopg import sql

from observes_assets.bucket import s3
from observes_assets.postgres.server import EmbeddedServer
from tests.integration.faulty_s3 import SLOW_SECONDS, FaultyS3

pytest.register_assert_rewrite("tests.invariants", "tests.torture.stage")  # they say what differs

from tests.torture.stage import Stage, databases  # noqa: E402 - after the line above
from tests.torture.vendor import Vendor, World  # noqa: E402

NewStage = Callable[..., Stage]


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Serve in a thread during the block."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def quiet_retries() -> Iterator[None]:
    before = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(before)


@pytest.fixture
def new_stage(seed: int, embedded_server: EmbeddedServer) -> Iterator[NewStage]:
    names = databases(embedded_server, f"torture_{secrets.token_hex(4)}")
    with ExitStack() as stack:

        def make(bucket_url: str, **more: Any) -> Stage:
            vendor = Vendor(World(Random(seed)))
            stack.enter_context(serving(vendor))
            return Stage(seed, embedded_server, *names, bucket_url, vendor, **more)

        yield make
    with psycopg.connect(embedded_server.start(), autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def folder_stage(new_stage: NewStage, tmp_path: Path) -> Iterator[Stage]:
    yield new_stage(str(tmp_path / "bucket"))
    shutil.rmtree(tmp_path / "bucket")


@pytest.fixture
def s3_stage(new_stage: NewStage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """Over moto's S3, behind a way that fails; impatient, so that a slow answer needn't take a minute."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    monkeypatch.setattr(s3, "Config", lambda **named: Config(**named | {"read_timeout": SLOW_SECONDS * 0.7}))
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)
    way = FaultyS3(moto.get_host_and_port())
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    environment = {
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "for-a-server-of-this-test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": way.url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert "AWS_ENDPOINT_URL" in os.environ
    with serving(way):
        bucket = f"torture-{secrets.token_hex(4)}"
        boto3.session.Session().client("s3").create_bucket(Bucket=bucket)
        way.reset()
        yield new_stage(f"s3://{bucket}/prefix", way=way, environment=environment)
    moto.stop()
