import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from observes_assets.bucket.s3_errors import explain_answer, explain_silence
from observes_assets.errors import ObservesError, SettingsError, TransientError

URL = "s3://bucket/prefix"
ENDPOINT = "https://user:pw@host"


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (404, "NoSuchBucket", SettingsError, "The bucket s3://bucket/prefix doesn't exist."),
        (403, "403", SettingsError, "denies access"),
        (403, "SignatureDoesNotMatch", SettingsError, "secret key"),
        (400, "ExpiredToken", SettingsError, "expired"),
        (301, "PermanentRedirect", SettingsError, "AWS_REGION"),
        (501, "NotImplemented", SettingsError, "If-None-Match"),
        (503, "SlowDown", TransientError, "answered PutObject with 503 SlowDown"),
        (500, "", TransientError, "answered PutObject with 500, several times"),
        (429, "x pw y", TransientError, "answered PutObject with 429, several"),
        (400, "RequestTimeout", TransientError, "400 RequestTimeout"),
        (507, "XMinioStorageFull", ObservesError, "answered PutObject with 507 XMinioStorageFull."),
        (400, "EntityTooLarge", ObservesError, "answered PutObject with 400 EntityTooLarge."),
    ],
)
def test_answers(status: int, code: str, kind: type[ObservesError], said: str) -> None:
    response = {"Error": {"Code": code, "Message": "pw"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = explain_answer(ClientError(response, "PutObject"), URL)
    assert type(error) is kind
    assert said in str(error)
    assert "pw" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("silence", "kind", "said"),
    [
        (NoCredentialsError(), SettingsError, "no usable credentials"),
        (SSLError(endpoint_url=ENDPOINT, error="pw"), SettingsError, "certificate"),
        (ParamValidationError(report="pw"), SettingsError, "OBSERVES_BUCKET_URL"),
        (EndpointConnectionError(endpoint_url=ENDPOINT), TransientError, "EndpointConnectionError"),
        (ReadTimeoutError(endpoint_url=ENDPOINT), TransientError, "doesn't answer"),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), TransientError, "not fully"),
        (BotoCoreError(), ObservesError, "failed (BotoCoreError)"),
    ],
)
def test_silences(silence: BotoCoreError, kind: type[ObservesError], said: str) -> None:
    error = explain_silence(silence, URL)
    assert type(error) is kind
    assert said in str(error)
    assert "pw" not in str(error)
