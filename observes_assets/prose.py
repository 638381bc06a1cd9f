"""Free text as it may be told: what others' programs say may name a person, or hold a secret.

The same as ``landing.without_people`` does in Postgres; a test holds the two equal.
"""

import re

_ADDRESS = re.compile(r"(?<![\w.+%'-])(?!git@)[A-Za-z0-9._%+'-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?![\w@-])")
_SECRET = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20,}|A[KS]IA[A-Z0-9]{16}|xox[abeoprs]-[\w-]{10,}"
    r"|AIza[\w-]{35}|[rs]k_live_\w{20,}|npm_\w{36}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}|hooks\.slack\.com/services/[\w/]+|(?<=://)[^\s/:@\"]+:[^\s/@\"]+@"
)


def without_people(text: str) -> str:
    """The text without e-mail addresses and vendors' secrets; one sees that something stood there."""
    return _SECRET.sub("[secret]", _ADDRESS.sub("[…@…]", text) if "@" in text else text)
