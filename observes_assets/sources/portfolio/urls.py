"""Where a repository lies: which URLs are taken, and when two of them are the same place.

A URL is never quoted in a message: it may hold a secret.
"""

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22}
_SCP = re.compile(
    r"(?:(?P<user>\w[\w.+-]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|\w[\w.-]*):(?P<path>[^\s\\]+)", re.ASCII
)
_CREDENTIALS = "holds credentials. Take them out, and write `credential: NAME` in this repository instead."


def url_problem(url: str) -> str | None:
    """Say what is wrong with a repository's URL; None if it can be taken.

    Taken are https, http, ssh and file URLs, ``user@host:path``, and absolute or relative paths.
    """
    if not url or url != url.strip():
        return "must not be empty or have spaces at its ends."
    if url.startswith("-"):
        return 'must not begin with "-": git would take it for an option.'
    if re.match(r"[A-Za-z0-9+.-]+::", url):
        return "names a transport helper (helper::address), which could run any program."
    if has_scheme(url):
        return _scheme_problem(url)
    return _scp_problem(url) if is_scp(url) else _path_problem(url)


def _scheme_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not a valid URL."
    if parts.scheme == "file":
        return (
            None
            if re.match(r"file:///[^/]", url, re.IGNORECASE)
            else "must be file:/// and an absolute path."
        )
    if parts.scheme not in _DEFAULT_PORTS:
        return "must be https, http, ssh or file, user@host:path, or a path."
    return _authority_problem(parts) or _remote_path_problem(url, parts)


def _authority_problem(parts: SplitResult) -> str | None:
    user, at, _ = parts.netloc.rpartition("@")
    if at and (parts.scheme != "ssh" or ":" in user):
        return _CREDENTIALS
    if not parts.hostname or not re.fullmatch(r"[\w:][\w.:-]*", parts.hostname) or user.startswith("-"):
        return "has no valid host name."
    return None


def _remote_path_problem(url: str, parts: SplitResult) -> str | None:
    if re.search(r"[\s\\]", url):
        return "must not hold white space or backslashes."
    if "?" in url or "#" in url:
        return 'must not hold "?" or "#": what follows is not part of a repository\'s address.'
    return None if parts.path.strip("/") else "has no path after the host."


def _scp_problem(url: str) -> str | None:
    head, _, rest = url.partition(":")
    if head.lower() in {*_DEFAULT_PORTS, "file", "git"} and rest.startswith("/"):
        return f'must have two slashes after "{head}:".'
    if "@" not in head and "@" in rest.split("/")[0]:
        return _CREDENTIALS
    if not _SCP.fullmatch(url):
        return 'is not valid as user@host:path; a path with a colon begins with "./".'
    return None


def _path_problem(url: str) -> str | None:
    try:
        Path(url).expanduser()
    except RuntimeError:
        return "begins with the home folder of a user who does not exist here."
    return None


def has_scheme(url: str) -> bool:
    """Whether the text begins with ``scheme://``."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url) is not None


def is_scp(url: str) -> bool:
    """Whether git takes the text for ``user@host:path``: a colon before the first slash."""
    return ":" in url.split("/", maxsplit=1)[0] and not has_scheme(url)


def is_local(url: str) -> bool:
    """Whether the repository is read from this machine's disk."""
    return url.lower().startswith("file://") or not (is_scp(url) or has_scheme(url))


def sends_in_clear(url: str) -> bool:
    """Whether a credential would travel unencrypted over a network."""
    parts = urlsplit(url) if has_scheme(url) else None
    loopback = {"localhost", "127.0.0.1", "::1"}
    return parts is not None and parts.scheme == "http" and parts.hostname not in loopback


def absolute_url(url: str, folder: Path) -> str:
    """Make a path absolute, seen from ``folder``; other URLs stay as they are.

    Symbolic links stay too: a link is often switched to another folder, and the repository is the same.
    """
    if has_scheme(url) or is_scp(url):
        return url
    return os.path.normpath(folder.absolute() / Path(url).expanduser())


def comparable_url(url: str) -> str:
    """What is equal for two URLs of the same place.

    Case of scheme and host, a default port, a last "/" and a last ".git" make no difference; the ending
    ".git" does on this machine's disk, where ``web`` and ``web.git`` often lie side by side. That https and
    ssh lead to the same place is likely, but nothing that we can be sure of.
    """
    if is_local(url):
        return url.rstrip("/") or "/"
    if scp := _SCP.fullmatch(url) if is_scp(url) else None:
        return f"{scp['user'] or ''}@{scp['host'].lower()}:{_without_ending(scp['path'])}"
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    port = parts.port if parts.port != _DEFAULT_PORTS[parts.scheme] else None
    return f"{parts.scheme}://{user}{at}{parts.hostname}:{port or ''}{_without_ending(parts.path)}"


def _without_ending(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")
