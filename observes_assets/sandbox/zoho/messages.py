"""How Zoho words what it refuses."""

from typing import Any

from observes_assets.sandbox.messages import Answer


def refusal(status: int, code: str, message: str, **details: Any) -> Answer:
    """An error as the CRM's API words it, alone in the answer."""
    return Answer(status, {"code": code, "details": details, "message": message, "status": "error"})


def refused_job(status: int, code: str, message: str, **details: Any) -> Answer:
    """An error as the bulk API words it: in a list, where the job would be."""
    return Answer(status, {"data": [refusal(status, code, message, **details).body]})


def no_such_path() -> Answer:
    """There is nothing at this address."""
    return refusal(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")


def no_such_module(name: str) -> Answer:
    """The CRM has no such module, or the token's user may not see it."""
    return refusal(400, "INVALID_MODULE", "the module name given seems to be invalid", api_name=name)
