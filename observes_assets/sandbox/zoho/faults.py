"""What Zoho does when something is wrong; ``switches`` say where and when, ``Jobs.fates`` how jobs end."""

from typing import Any

from observes_assets.sandbox.switches import Instead, bad_gateway
from observes_assets.sandbox.zoho.credentials import access_denied
from observes_assets.sandbox.zoho.limits import exhausted, too_many
from observes_assets.sandbox.zoho.messages import no_such_module, refusal


def instead(name: str, **options: Any) -> Instead:
    """A fault by its name, for those who switch from outside the process.

    Raises:
        KeyError: there is none of this name.
    """
    made: dict[str, Instead] = {
        "access_denied": access_denied,
        "bad_gateway": lambda: bad_gateway(**options),
        "exhausted": exhausted,
        "internal_error": lambda: refusal(500, "INTERNAL_ERROR", "Internal server error occurred."),
        "invalid_token": lambda: refusal(401, "INVALID_TOKEN", "invalid oauth token"),
        "no_permission": lambda: refusal(403, "NO_PERMISSION", "permission denied"),
        "scope_mismatch": lambda: refusal(
            401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL"
        ),
        "too_many_requests": too_many,
        "unknown_module": lambda: no_such_module(**options),
    }
    return made[name]
