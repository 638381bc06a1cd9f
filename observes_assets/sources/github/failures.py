"""What went wrong, in words that a person can act on; never a record's values, nor a token."""

import re
from typing import Any

from observes_assets.errors import PermanentError, SourceError, TransientError

_TOKEN_ADVICE = "Make a new one and set OBSERVES_GITHUB_TOKEN, or check the App's key and installation."  # noqa: S105
_CHECK_NAME = "Check the name, and that the token or App was given access to it."
_UNREADABLE = {
    404: "does not exist, or the token may not see it",
    409: "the repository is empty",
    410: "turned off, or deleted",
    422: "it is listed no further back",
    451: "blocked for legal reasons",
}
_SCOPE = re.compile(r"'([a-z_]+(?::[a-z_]+)?)'")
_TOO_MUCH = ("timeout", "timed out", "something went wrong", "resource limits", "node_limit", "maxnodelimit")


class UnreadableError(PermanentError):
    """GitHub does not show this to us: it is not there, or the token may not see it.

    Args:
        status: HTTP's; 404, 410, 451, or 409 for a repository without a commit.
    """

    def __init__(self, message: str, remedy: str = "", *, status: int) -> None:
        super().__init__(message, remedy)
        self.status = status


class TooMuchError(TransientError):
    """GitHub could not answer in its own time; a smaller page may do."""


def of_rest(what: str, status: int, headers: dict[str, str], document: Any) -> SourceError:
    """The failure that a REST answer with status 400 or more is.

    Args:
        what: what was asked for, as in "issues of octo/site".
    """
    if status == 403:
        return _refused(what, headers, document)
    if status == 422 and "pagination is limited" not in _message(document).lower():
        return PermanentError(f"GitHub answers 422 for {what}.", "Report this: the request is ours.")
    if reason := _UNREADABLE.get(status):
        advice = _CHECK_NAME if status == 404 else ""
        return UnreadableError(f"GitHub: {what}: {reason}.", advice, status=status)
    if status >= 500:
        return TransientError(f"GitHub answers {status} for {what}.", "Try again later.")
    return PermanentError(f"GitHub answers {status} for {what}.", "Report this: the request is ours.")


def rejected() -> SourceError:
    """The token is not accepted, and a renewed one neither."""
    return PermanentError(
        "GitHub does not accept the token: it has expired, was revoked or is wrong.", _TOKEN_ADVICE
    )


def unauthorized_app() -> SourceError:
    """GitHub gives the App no token for its installation."""
    return PermanentError(
        "GitHub gives the App no token: its id, key and installation do not belong together.",
        "Check OBSERVES_GITHUB_APP_ID, OBSERVES_GITHUB_APP_KEY_FILE and OBSERVES_GITHUB_INSTALLATION_ID.",
    )


def partial(headers: dict[str, str]) -> SourceError | None:
    """The failure that single sign-on hides in a good answer: a part of the rows is missing."""
    told = headers.get("x-github-sso", "")
    if not told:
        return None
    return PermanentError(
        "GitHub leaves rows out: the token is not authorized for single sign-on of every organization.",
        "Authorize it: GitHub, Settings, Developer settings, the token's Configure SSO.",
    )


def _refused(what: str, headers: dict[str, str], document: Any) -> SourceError:
    wanted = _split(headers.get("x-accepted-oauth-scopes", ""))
    if "x-oauth-scopes" in headers and wanted and not wanted & _split(headers["x-oauth-scopes"]):
        return lacking(what, wanted)
    if permissions := headers.get("x-accepted-github-permissions"):
        return PermanentError(
            f"GitHub: {what}: the token lacks the permission {permissions.replace(';', ' or ')}.",
            "Grant it to the fine-grained token or the App, and accept it in the organization.",
        )
    if "saml" in _message(document).lower() or "sso" in _message(document).lower():
        return PermanentError(
            f"GitHub: {what}: the token is not authorized for the organization's single sign-on.",
            "Authorize it: GitHub, Settings, Developer settings, the token's Configure SSO.",
        )
    return PermanentError(
        f"GitHub refuses {what}: the token may not read it, or it is turned off.",
        "Check the token's scopes, and the organization's policy for tokens and Apps.",
    )


def lacking(what: str, scopes: set[str]) -> SourceError:
    """The token was not given a scope that is needed."""
    names = " or ".join(sorted(scopes))
    return PermanentError(
        f"GitHub: {what}: the token lacks the scope {names}.",
        f"Add {names} to the token; docs/github.md lists all that are needed.",
    )


def of_graphql(what: str, errors: list[dict[str, Any]]) -> SourceError:
    """The failure that a GraphQL answer's errors are."""
    kinds = {str(error.get("type") or error.get("extensions", {}).get("code") or "") for error in errors}
    text = " ".join(str(error.get("message", "")) for error in errors)
    if "INSUFFICIENT_SCOPES" in kinds:
        named = text.partition("following scopes:")[2].partition("]")[0]
        return lacking(what, set(_SCOPE.findall(named)) or {"read:project"})
    if "NOT_FOUND" in kinds:
        return UnreadableError(
            f"GitHub: {what}: does not exist, or the token may not see it.",
            _CHECK_NAME,
            status=404,
        )
    if kinds & {"FORBIDDEN", "SAML_SSO_REQUIRED"}:
        return PermanentError(
            f"GitHub refuses {what}: the token may not read it.",
            "Check the token's scopes, and the organization's policy for tokens and Apps.",
        )
    if any(words in (text + " " + " ".join(kinds)).lower() for words in _TOO_MUCH):
        return TooMuchError(f"GitHub could not answer in time for {what}.", "Try again later.")
    named = ", ".join(sorted(kinds - {""})) or "without a type"
    return TransientError(f"GitHub answers {what} with data and errors ({named}).", "Try again later.")


def _message(document: Any) -> str:
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""


def _split(text: str) -> set[str]:
    return {one.strip() for one in text.split(",") if one.strip()}
