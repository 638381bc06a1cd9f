"""Records of one stream as TimeDoctor sends them now; nothing is held, archived or landed."""

from collections.abc import Iterator

from observes_assets.errors import SettingsError
from observes_assets.sources.timedoctor import streams
from observes_assets.sources.timedoctor.access import company_of
from observes_assets.sources.timedoctor.by_user import UserSets
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.days import DAY
from observes_assets.sources.timedoctor.records import Record
from observes_assets.sources.timedoctor.streams import Question


def names() -> list[str]:
    """Streams that can be read apart."""
    return ["companies", *streams.LISTS, *(one.name for one in streams.DAYS)]


def preview(client: Client, stream: str) -> Iterator[Record]:
    """Records of a stream; of a stream of days those of the last day that is over.

    Raises:
        SettingsError: there is no such stream.
        SourceError: it can't be read.
    """
    if stream == "companies":
        yield from streams.companies(client)
        return
    company = company_of(client.access, streams.companies(client))
    if read := streams.LISTS.get(stream):
        yield from read(client, company)
        return
    for one in streams.DAYS:
        if one.name == stream:
            users = sorted(str(user["id"]) for user in streams.users(client, company))
            question = Question(company, client.server_at.date() - DAY, users)
            yield from one.read(client, UserSets(), question)
            return
    raise SettingsError(f"There is no stream timedoctor/{stream}.", f"Streams are {', '.join(names())}.")
