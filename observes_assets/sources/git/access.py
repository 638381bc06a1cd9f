"""How one repository is reached: its transport, and what that transport needs to know.

The URL is the portfolio's; a secret never becomes a part of it.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from observes_assets.errors import PermanentError
from observes_assets.sources.git.credentials import Credential

# By URL scheme; what isn't here (ext::, fd::, helpers of other tools) can start programs.
_PROTOCOLS = {
    "https": "https",
    "http": "http",
    "ssh": "ssh",
    "git+ssh": "ssh",
    "ssh+git": "ssh",
    "git": "git",
    "file": "file",
}


@dataclass(frozen=True)
class Access:
    """One repository and the credential for it; made by ``access_to``.

    Args:
        url: what git is given: absolute if it is a path, without user and password if http.
        protocol: git's name of the transport: https, http, ssh, git, file.
    """

    url: str
    protocol: str
    credential: Credential | None

    @property
    def allowed_protocols(self) -> str:
        """For GIT_ALLOW_PROTOCOL. A server may lead from http to https, never back."""
        return "http:https" if self.protocol == "http" else self.protocol

    @property
    def folder(self) -> Path | None:
        """Where the repository lies on this machine; None if it is elsewhere."""
        return Path(self.url) if self.protocol == "file" else None

    def environment(self) -> dict[str, str]:
        """Variables that git or the programs that it starts read: the only place where a token goes."""
        if self.protocol == "ssh":
            return {"GIT_SSH_COMMAND": self._ssh(), "GIT_SSH_VARIANT": "ssh"}
        if self.credential is None or self.credential.token is None or self.protocol not in ("https", "http"):
            return {}
        parts = urlsplit(self.url)
        return {
            "OBSERVES_ASKPASS_ORIGIN": f"{parts.scheme}://{parts.netloc}",
            "OBSERVES_ASKPASS_HOST": parts.netloc,
            "OBSERVES_ASKPASS_USERNAME": self.credential.username,
            "OBSERVES_ASKPASS_TOKEN": self.credential.token,
        }

    def _ssh(self) -> str:
        # A server that we never met is believed once and remembered in ~/.ssh/known_hosts; one that
        # changed its key is refused. ServerAlive: an ssh that hears nothing for 90 s gives up.
        options = ["BatchMode=yes", "StrictHostKeyChecking=accept-new", "ConnectTimeout=30"]
        options += ["ServerAliveInterval=30", "ServerAliveCountMax=3"]
        command = ["ssh"]
        if self.credential is not None:
            command += ["-i", str(self.credential.ssh_key_file)]
            options += ["IdentitiesOnly=yes", "IdentityAgent=none"]
        return shlex.join([*command, *(word for option in options for word in ("-o", option))])

    def require_credential(self) -> None:
        """Make sure that the credential has what the transport asks for.

        Raises:
            PermanentError: it has not; names the variable.
        """
        if self.credential is None:
            return
        if self.protocol in ("https", "http") and self.credential.token is None:
            raise PermanentError(f"{self.credential.variable('TOKEN')} is not set: an https URL needs it.")
        if self.protocol == "ssh":
            variable, key = self.credential.variable("SSH_KEY_FILE"), self.credential.ssh_key_file
            if key is None:
                raise PermanentError(f"{variable} is not set: an ssh URL needs it.")
            if not key.is_file():
                raise PermanentError(f"{variable} names no file.", "Give the path of a private key.")


def access_to(url: str, credential: Credential | None) -> Access:
    """Find out how a repository is reached.

    Raises:
        PermanentError: the URL is none that we hand to git. The message doesn't repeat it.
    """
    protocol = _protocol(url)
    if protocol == "file":
        path = unquote(url[len("file://") :]) if url.lower().startswith("file://") else url
        return Access(str(Path(path).expanduser().absolute()), protocol, credential)
    if protocol in ("https", "http"):
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        # The portfolio refuses passwords in URLs; whatever comes here some other way loses it.
        if user and (credential is not None or ":" in user):
            url = parts._replace(netloc=host).geturl()
    return Access(url, protocol, credential)


def _protocol(url: str) -> str:
    if not url or url.startswith("-") or not url.isprintable():
        raise PermanentError("The URL is empty, starts with - or holds a control character.")
    if re.match(r"[A-Za-z0-9+.-]+::", url):
        raise PermanentError(
            "The URL names a transport helper, which could start any program.", "Use https, ssh or a path."
        )
    if scheme := re.match(r"([A-Za-z0-9+.-]+)://", url):
        protocol = _PROTOCOLS.get(scheme[1].lower())
        if protocol is None:
            raise PermanentError("The URL has a scheme that is not supported.", "Use https, ssh or a path.")
        return protocol
    # git's own rule: a colon before the first slash makes it host:path.
    return "ssh" if re.match(r"[^/]*:", url) else "file"
