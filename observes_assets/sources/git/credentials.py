"""Secrets for repositories, from the environment (or ``.env``, as all settings).

The portfolio's ``credential: NAME`` reads

- ``OBSERVES_GIT_<NAME>_TOKEN`` for https (and http), with ``OBSERVES_GIT_<NAME>_USERNAME`` beside it if the
  server wants one: by default ``x-access-token``, which GitHub takes with every kind of token; GitLab wants
  ``oauth2`` (or any name that is not empty), Bitbucket ``x-token-auth``;
- ``OBSERVES_GIT_<NAME>_SSH_KEY_FILE`` for ssh: path of a private key without a passphrase.

A secret is shown by no ``repr`` and stands in no message: those name the variable.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from observes_assets.errors import PermanentError

DEFAULT_USERNAME = "x-access-token"


@dataclass(frozen=True)
class Credential:
    """What a server may ask for.

    Args:
        name: as in the portfolio.
        token: password for https; None if there is none.
        username: goes with the token.
        ssh_key_file: private key for ssh; None if there is none.
    """

    name: str
    token: str | None = field(default=None, repr=False)
    username: str = field(default=DEFAULT_USERNAME, repr=False)
    ssh_key_file: Path | None = field(default=None, repr=False)

    def variable(self, what: str) -> str:
        """The variable that holds a part: TOKEN, USERNAME or SSH_KEY_FILE."""
        return f"OBSERVES_GIT_{self.name}_{what}"


def read(name: str | None, environ: Mapping[str, str] | None = None) -> Credential | None:
    """Read a credential by its name in the portfolio; None needs none.

    Args:
        environ: default: the process's environment over the working directory's ``.env``.

    Raises:
        PermanentError: neither a token nor a key file is set, or the token can't be one; names the
            variable.
    """
    if name is None:
        return None
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        # Not repeated: it may be the secret itself.
        raise PermanentError("The credential's name is none.", "Use capital letters, digits and _ only.")
    values = _environment() if environ is None else environ
    blank = Credential(name)
    token, username, key = (
        values.get(blank.variable(what), "").strip() for what in ("TOKEN", "USERNAME", "SSH_KEY_FILE")
    )
    if not token and not key:
        raise PermanentError(
            f"Neither {blank.variable('TOKEN')} nor {blank.variable('SSH_KEY_FILE')} is set.",
            "Set the first for an https URL, the second for an ssh URL.",
        )
    for what, value in (("TOKEN", token), ("USERNAME", username)):
        if not value.isprintable():
            raise PermanentError(f"{blank.variable(what)} holds a line break or a control character.")
    return Credential(
        name=name,
        token=token or None,
        username=username or DEFAULT_USERNAME,
        ssh_key_file=Path(key).expanduser().absolute() if key else None,
    )


def passwords() -> list[str]:
    """Every token that is set, for whichever repository."""
    return [
        value
        for name, value in _environment().items()
        if re.fullmatch(r"OBSERVES_GIT_[A-Z0-9_]+_TOKEN", name) and value
    ]


def _environment() -> dict[str, str]:
    # The same file that settings.py reads: a token beside the other settings must not be overlooked.
    written = {key: value for key, value in dotenv_values(".env").items() if value is not None}
    return written | dict(os.environ)
