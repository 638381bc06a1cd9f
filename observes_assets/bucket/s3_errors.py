"""What S3 or the way to it answered, as one line with what to do. Never the request: it may hold secrets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, no relative of Python's
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from observes_assets.errors import ObservesError, SettingsError, TransientError

_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
_SILENCE = (ConnectionError, FlexibleChecksumError, HTTPClientError, IncompleteReadError)
_NO_CREDENTIALS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or use a role."
_RIGHTS = "It needs s3:ListBucket on the bucket and s3:GetObject, s3:PutObject and s3:DeleteObject in it."
_REACH = "Check the network and AWS_ENDPOINT_URL, then run again."
CONDITIONS = (
    "Use a server with S3's conditional writes: without them, two runs could overwrite each other's work."
)

_SETTINGS = {
    "NotImplemented": ("lacks conditional writes (If-None-Match)", CONDITIONS),
    "NoSuchBucket": ("doesn't exist", "Make it, or correct OBSERVES_BUCKET_URL and AWS_ENDPOINT_URL."),
    "AccessDenied": ("denies access", _RIGHTS),
    "AllAccessDisabled": ("denies access", _RIGHTS),
    "InvalidAccessKeyId": ("doesn't know the access key", _NO_CREDENTIALS),
    "SignatureDoesNotMatch": ("doesn't accept the secret key", _NO_CREDENTIALS),
    "InvalidToken": ("doesn't accept the session token", _NO_CREDENTIALS),
    "ExpiredToken": ("finds the credentials expired", "Sign in again, then run again."),
    "RequestTimeTooSkewed": ("finds this machine's clock wrong", "Set the clock, then run again."),
    "PermanentRedirect": ("is in another region", "Set AWS_REGION to the bucket's region."),
    "AuthorizationHeaderMalformed": ("is in another region", "Set AWS_REGION to the bucket's region."),
    "IllegalLocationConstraintException": ("is in another region", "Set AWS_REGION to its region."),
    "InvalidBucketName": ("has a name that S3 doesn't allow", "Correct OBSERVES_BUCKET_URL."),
}
_TRANSIENT = ("RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable", "TooManyRequests")


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Translate botocore's exceptions.

    Raises:
        SettingsError: credentials, rights, bucket or endpoint are wrong.
        TransientError: no answer, or an answer that will be another one later.
        ObservesError: any other refusal.
    """
    try:
        yield
    except ClientError as error:
        raise explain_answer(error, url) from error
    except BotoCoreError as error:
        raise explain_silence(error, url) from error


def explain_answer(error: ClientError, url: str) -> ObservesError:
    """The failure behind an answer of the server."""
    code, status = error_code(error), status_code(error)
    if code in _SETTINGS:
        fault, remedy = _SETTINGS[code]
        return SettingsError(f"The bucket {url} {fault}.", remedy)
    if status in (401, 403):
        return SettingsError(f"The bucket {url} denies access.", _RIGHTS)
    where = f"The bucket {url} answered {error.operation_name} with {status} {code}".rstrip()
    if status == 429 or (status >= 500 and status not in (501, 507)) or code in _TRANSIENT:
        return TransientError(f"{where}, several times.", "Run again later.")
    return ObservesError(f"{where}.", "See what the server's documentation says about that answer.")


def explain_silence(error: BotoCoreError, url: str) -> ObservesError:
    """The failure behind a request that had no answer, or was never sent."""
    if isinstance(error, _CREDENTIALS):
        return SettingsError(f"There are no usable credentials for the bucket {url}.", _NO_CREDENTIALS)
    if isinstance(error, SSLError):
        return SettingsError(
            f"The certificate of the server of {url} can't be verified.",
            "Check AWS_ENDPOINT_URL, and AWS_CA_BUNDLE for a certificate authority of your own.",
        )
    if isinstance(error, InvalidRegionError | NoRegionError):
        return SettingsError(f"The region for the bucket {url} is missing or wrong.", "Set AWS_REGION.")
    if isinstance(error, ParamValidationError):
        return SettingsError(f"S3 doesn't allow the bucket {url}.", "Correct OBSERVES_BUCKET_URL.")
    kind = type(error).__name__
    if isinstance(error, _SILENCE):
        return TransientError(
            f"The server of the bucket {url} doesn't answer, or not fully ({kind}).", _REACH
        )
    return ObservesError(f"The request to the bucket {url} failed ({kind}).", _REACH)


def status_code(error: ClientError) -> int:
    """The HTTP status of the answer; 0 if there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def error_code(error: ClientError) -> str:
    """S3's word for the failure such as ``NoSuchKey``; '' if it isn't one word (a HEAD answers a number)."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code if re.fullmatch(r"[A-Za-z]{1,60}", code) else ""
