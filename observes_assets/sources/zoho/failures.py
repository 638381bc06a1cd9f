"""What went wrong, in words that a person can act on; never a record's values, nor a secret."""

import re
from typing import Any

from observes_assets.errors import PermanentError, SourceError, TransientError

SCOPES = "ZohoCRM.bulk.READ, ZohoCRM.modules.READ and ZohoCRM.users.READ"
_RENEW = "Make a new refresh token with an active user and set OBSERVES_ZOHO_REFRESH_TOKEN; see docs/zoho.md."
_LATER = "Run again later: exports under way are kept, and the next run goes on with them."
_CODE = re.compile(r"[A-Z][A-Z_]{2,60}")
_REJECTED = {"INVALID_TOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"}
_NO_MODULE = {"INVALID_MODULE", "MODULE_NOT_AVAILABLE", "MODULE_NOT_SUPPORTED", "NOT_SUPPORTED"}
_GONE = {"RESOURCE_NOT_FOUND", "NOT_FOUND", "INVALID_JOB_ID", "INVALID_REQUEST_ID", "EXPIRED"}
ACCESS_DENIED_SECONDS = 600.0
"""Ten access tokens are given in so long; over it Zoho gives none, with status 200."""


class StoppedError(TransientError):
    """A limit of Zoho, or of our own contract, is used up: nothing is lost, and a later run goes on."""


class NoAccessError(PermanentError):
    """Zoho lets us do nothing at all until a person has acted."""


class UnreachableError(TransientError):
    """Zoho can't be reached: every other request would end like this one."""


class TooFarError(PermanentError):
    """Zoho gives no page so far behind."""


class GoneError(TransientError):
    """Zoho knows the export no more: its results are kept for about a day."""


def code_of(document: Any) -> str:
    """Zoho's code for an error, wherever the answer has it; empty if it has none."""
    if not isinstance(document, dict):
        return ""
    data = document.get("data")
    inner = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    for one in (document, inner):
        code = one.get("code")
        if isinstance(code, str) and _CODE.fullmatch(code) and one.get("status") != "success":
            return code
    return ""


def is_rejected(status: int, code: str) -> bool:
    """Whether Zoho does not take the access token, so that another one may do."""
    return code in _REJECTED or (status == 401 and code != "OAUTH_SCOPE_MISMATCH")


def rejected() -> SourceError:
    """The access token is not accepted, and a new one neither."""
    return NoAccessError(
        "Zoho takes neither the access token nor a new one: its user was deactivated, or the client revoked.",
        _RENEW,
    )


def of_answer(what: str, status: int, code: str) -> SourceError:
    """The failure that an answer is.

    Args:
        what: what was asked for, as in "the export of Leads".
        code: Zoho's own word; empty if it gave none.
    """
    told = f"{status} {code}".strip()
    if code == "OAUTH_SCOPE_MISMATCH":
        return PermanentError(
            f"Zoho: {what}: the refresh token lacks a scope ({told}).",
            f"Make a new one with the scopes {SCOPES}, and set OBSERVES_ZOHO_REFRESH_TOKEN.",
        )
    if code in _NO_MODULE:
        return PermanentError(
            f"Zoho: {what}: there is no such module, or the user may not see it ({told}).",
            "Show it to the user's profile in Zoho CRM, or leave it out of OBSERVES_ZOHO_MODULES.",
        )
    if code == "PAGE_RANGE_EXCEEDED" or code in _GONE or status in {404, 410}:
        return _not_there(what, code, told)
    if code == "NO_PERMISSION" or status == 403:
        return PermanentError(
            f"Zoho refuses {what}: the user's profile may not do that ({told}).",
            "Give the profile the permission to view and export the module in Zoho CRM.",
        )
    if status >= 500 or code == "INTERNAL_ERROR":
        return TransientError(f"Zoho answers {told} for {what}.", "Try again later.")
    return PermanentError(f"Zoho answers {told} for {what}.", "Report this: the request is ours.")


def _not_there(what: str, code: str, told: str) -> SourceError:
    if code == "PAGE_RANGE_EXCEEDED":
        return TooFarError(
            f"Zoho: {what}: Zoho gives no page so far behind ({told}).", "It is read in parts."
        )
    return GoneError(f"Zoho: {what}: Zoho knows it no more ({told}).", "It is asked for anew.")


def of_refresh(status: int, document: Any) -> SourceError:
    """The failure that an answer of the accounts server is, which may have status 200."""
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str) and error.lower() in {"access denied", "access_denied"}:
        return denied(ACCESS_DENIED_SECONDS)
    if error in {"invalid_code", "invalid_grant"}:
        return NoAccessError("Zoho does not accept the refresh token: it is wrong or was revoked.", _RENEW)
    if error in {"invalid_client", "invalid_client_secret"}:
        return NoAccessError(
            "Zoho does not know the client, or its secret is wrong.",
            "Check OBSERVES_ZOHO_CLIENT_ID and OBSERVES_ZOHO_CLIENT_SECRET; a client of another data centre "
            "wants another OBSERVES_ZOHO_ACCOUNTS_URL.",
        )
    if status >= 500 or status == 429:
        return UnreachableError(f"Zoho's accounts server answers {status}.", "Try again later.")
    return NoAccessError(
        f"Zoho's accounts server answers {status} without an access token.",
        "Check OBSERVES_ZOHO_ACCOUNTS_URL, and the client's id, secret and refresh token.",
    )


def denied(seconds: float) -> StoppedError:
    """Zoho gives no access token for so long."""
    return StoppedError(
        "Zoho gives no access token: more than ten were asked for in ten minutes.",
        f"Run again in {seconds / 60:.0f} minutes; see whether another program uses the same refresh token.",
        retry_after_seconds=seconds,
    )


def limited(what: str, code: str, seconds: float) -> StoppedError:
    """A limit of Zoho that waiting in this run does not mend.

    Args:
        seconds: until Zoho may answer again, as far as is known.
    """
    if code in {"", "TOO_MANY_REQUESTS"}:
        return StoppedError(
            f"Zoho takes no more requests for now, {what} among them.", _LATER, retry_after_seconds=seconds
        )
    return StoppedError(
        f"Zoho's credits are used up ({code}) at {what}: they come back over the next 24 hours.",
        f"{_LATER} If that happens often, see what else uses the company's credits, or buy more.",
        retry_after_seconds=seconds,
    )
