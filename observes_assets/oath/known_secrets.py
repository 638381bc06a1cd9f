"""The secrets that this installation itself holds, so that it can be seen whether one was published."""

import os
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from observes_assets.settings import Settings
from observes_assets.sources.git import credentials
from observes_assets.warehouse import pseudonyms

_AWS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")  # boto3's own variables


def known_secrets(settings: Settings) -> list[str]:
    """Every secret of the settings (a URL's password too), tokens for git, AWS's, the pseudonym key."""
    values = [one for name in Settings.model_fields if isinstance(one := getattr(settings, name), SecretStr)]
    found = {part for value in values for part in _parts(value.get_secret_value())}
    found |= set(credentials.passwords())
    found |= {os.environ.get(name, "") for name in _AWS}
    found.add(pseudonyms.read_key(settings).decode("utf-8", "replace"))
    return sorted(found - {""})


def _parts(value: str) -> set[str]:
    """A secret, and if it is a URL, or several, the password of each."""
    found = {value}
    for one in value.replace(",", " ").split():
        found.add(one)
        try:
            password = urlsplit(one).password
        except ValueError:  # no URL
            continue
        found |= {password, unquote(password)} if password else set()
    return found
