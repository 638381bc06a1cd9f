"""What git said, as errors for a person.

git speaks C-locale English here (``command`` sees to that); its words differ between versions and servers,
so what is not recognised is permanent and quotes git. Quotes are short and hold no secrets.
"""

import re
from typing import Literal, NamedTuple

from observes_assets.errors import PermanentError, SourceError, TransientError
from observes_assets.prose import without_people
from observes_assets.sources.git.access import Access
from observes_assets.sources.git.command import GitFailedError

Blame = Literal["person", "network", "source", "unknown"]


class _Sign(NamedTuple):
    """A failure that we know: its words, who can end it, and what to say."""

    words: str
    blame: Blame
    message: str
    remedy: str = ""


UNSHALLOW = (
    "Run `git fetch --unshallow` there. A CI checkout must be a full one: `fetch-depth: 0` for "
    "actions/checkout, `GIT_DEPTH: 0` for GitLab."
)

# In this order: a server that stops in the middle of its damaged pack also "hangs up unexpectedly".
_SIGNS = (
    _Sign(
        r"repository is shallow|shallow roots|from a shallow repository",
        "person",
        "The repository is a shallow clone: its history is cut off.",
        UNSHALLOW,
    ),
    _Sign(
        r"no space left on device|disk quota exceeded",
        "person",
        "The disk is full.",
        "Make room in OBSERVES_HOME, then run again.",
    ),
    _Sign(
        r"transport '[^']*' not allowed",
        "person",
        "The server leads to a protocol that this URL doesn't allow.",
        "Give the repository's final URL.",
    ),
    _Sign(
        r"host key verification failed",
        "person",
        "The ssh server's key is not the one that we know.",
        "Find out why. If the change is wanted, remove the old key: `ssh-keygen -R <host>`.",
    ),
    _Sign(
        r"certificate (problem|verif)|ssl certificate|unable to get local issuer",
        "person",
        "The server's certificate is not trusted.",
        "Have the server fixed, or name your own authority's file in GIT_SSL_CAINFO.",
    ),
    _Sign(
        r"repository [^\n]*\b(not found|does not exist)|does not appear to be a git repository|error: 404"
        r"|project you were looking for could not be found",
        "person",
        "There is no such repository, or the credential may not see it.",
        "Check the URL, and what the credential is allowed to read.",
    ),
    _Sign(
        r"repository corruption|missing (blob|tree|commit|object|necessary)"
        r"|bad (tree|blob|commit|object|pack)|did not send all necessary|remote did not send"
        r"|object (file )?[^\n]* (is empty|is corrupt)"
        r"|unable to (read|parse|unpack)|could not (read|parse) [0-9a-f]{40}|invalid index-pack output"
        r"|failed to (read object|traverse parents)|inflate|hash mismatch|sha1 (mismatch|collision)",
        "source",
        "The repository has missing or corrupt objects; none of its commits were taken.",
        "Run `git fsck` on it, and restore it from a good copy.",
    ),
    _Sign(
        r"could not resolve (host|proxy)|couldn't resolve|failed to connect"
        r"|connection (refused|timed out|reset|closed)|network is unreachable|no route to host"
        r"|operation (too slow|timed out)"
        r"|temporary failure|error: (5\d\d|429)|early eof|hung up unexpectedly|rpc failed|gnutls|ssl_"
        r"|unexpected disconnect|empty reply|expected flush",
        "network",
        "The server could not be reached, or broke off.",
    ),
)
_DENIED = re.compile(
    r"authentication failed|could not read (username|password)|permission denied|error: 40[13]|access denied"
    r"|access rights|invalid credentials|terminal prompts disabled|unable to read askpass|load key"
)


def explain(failure: GitFailedError, access: Access) -> tuple[Blame, SourceError]:
    """Say what a failed conversation with a repository means, and who can end it."""
    said = failure.output.replace(access.url, "").lower()  # a URL may hold any word
    quoted = quote(failure.output, access)
    if failure.code is None:
        return "network", TransientError("The repository took longer than the time limit.")
    if access.protocol != "file" and _DENIED.search(said):
        return "person", _denied(access, quoted)
    for sign in _SIGNS:
        if re.search(sign.words, said):
            kind = TransientError if sign.blame == "network" else PermanentError
            return sign.blame, kind(f"{sign.message} {quoted}".strip(), sign.remedy)
    return "unknown", PermanentError(
        f"git failed with exit code {failure.code}. {quoted}".strip(),
        "Try the same with `git ls-remote` on this machine.",
    )


def _denied(access: Access, quoted: str) -> PermanentError:
    credential = access.credential
    if credential is None:
        remedy = "Give the repository a `credential: NAME` in the portfolio and set its variables."
    else:
        what = "SSH_KEY_FILE" if access.protocol == "ssh" else "TOKEN"
        remedy = f"Check {credential.variable(what)}: is it still valid, and may it read this repository?"
    return PermanentError(f"The server refused access. {quoted}".strip(), remedy)


def damaged(failure: GitFailedError) -> PermanentError:
    """Say that a mirror on this machine can't be read to its end."""
    message = "The mirror has missing or corrupt objects; none of its commits were taken."
    return PermanentError(
        f"{message} {quote(failure.output)}".strip(),
        "Run again: the mirror is cloned anew. If it stays, run `git fsck` on the repository itself.",
    )


def quote(output: str, access: Access | None = None) -> str:
    """Git's own words for a message: its first two complaints, short, on one line, without secrets."""
    lines = [re.sub(r"^(remote: )?(fatal|error): ", "", line).strip() for line in output.splitlines()]
    wanted = re.compile(r"^(remote: )?(fatal|error): ")
    complaints = [line for line, full in zip(lines, output.splitlines(), strict=True) if wanted.match(full)]
    text = "; ".join((complaints or [line for line in lines if line])[:2])
    if access is not None and access.credential is not None and access.credential.token:
        text = text.replace(access.credential.token, "***")
    # Whatever stands between :// and @ may be a password: a proxy's, or of a server that redirects.
    text = re.sub(r"://[^/\s'\"]*@", "://", text)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"git: {without_people(text)[:300].rstrip('. ')}." if text else ""
