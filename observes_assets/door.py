"""The door between extract and archive: what may never lie in the bucket stays outside.

Three things are taken from a record on its way in: fields that the contract calls secret; credentials inside
URLs, wherever they stand; and people who were erased. A record without any of them keeps its own bytes.
"""

import re
from collections.abc import Callable

from observes_assets.contracts import StreamContract
from observes_assets.erasure.people import Erased
from observes_assets.erasure.records import Rewriter, shape_of

Door = Callable[[bytes], bytes]

# In JSON a slash may be written \/ and an ampersand \u0026: vendors do both.
_WEB_USER = re.compile(rb"""(https?:(?:\\?/){2})[^\s/"\\@?#]+@""", re.IGNORECASE)
_PASSWORD = re.compile(rb"""(:(?:\\?/){2}[^\s/"\\@?#:]*):[^\s/"\\@?#]+@""")  # ssh://git@… keeps its user
_PARAMETER = re.compile(
    rb"""((?:[?&#]|\\u0026|\\u003[fF])(?:access_|private_|refresh_|auth_|id_|job_|x-amz-security-)?
    (?:token|api_?key|apikey|secret|client_secret|password|signature|x-amz-signature|sig|jwt)=)[^\s&"\\#]+""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMES = (b"token", b"key", b"secret", b"password", b"signature", b"sig", b"jwt")
"""How the names of the parameters above end."""
_LONGEST_NAME = max(map(len, _NAMES))


def door_of(erased: Erased, contract: StreamContract, *others: StreamContract) -> Door:
    """The door of a stream, as it is now.

    Args:
        others: other contracts of the stream, whose secret and personal fields are such as well.
    """
    shape = shape_of(contract, *others)
    if not shape.has_secrets and not erased.number:
        return without_credentials
    rewriter = Rewriter(shape, contract.key, erased)
    return lambda line: without_credentials(rewriter.rewrite(line))


def without_credentials(line: bytes) -> bytes:
    """The record without user names, passwords and tokens in URLs."""
    if b"/" not in line:
        return line
    # The expressions take twenty times as long as a look at what stands before each "@" and "=".
    if b"@" in line and any(map(_may_name_a_user, line.split(b"@")[:-1])):
        line = _PASSWORD.sub(rb"\1@", _WEB_USER.sub(rb"\1", line))
    if b"=" in line and any(map(_may_name_a_secret, line.split(b"=")[:-1])):
        line = _PARAMETER.sub(rb"\1removed", line)
    return line


def _may_name_a_user(before: bytes) -> bool:
    """Whether the last slash before an "@" is a second one."""
    last = before.rfind(b"/")
    return last > 0 and before[last - 1] in b"/\\"


def _may_name_a_secret(before: bytes) -> bool:
    return before[-_LONGEST_NAME:].lower().endswith(_NAMES)
