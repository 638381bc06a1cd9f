"""Whether a run would find anything to do about the exports under way: what the sensor asks."""

from dataclasses import replace

from observes_assets.errors import BusyError, SourceError
from observes_assets.installation import Installation
from observes_assets.postgres.locks import session_lock
from observes_assets.postgres.roles import LOADER
from observes_assets.sources.zoho.failures import GoneError
from observes_assets.sources.zoho.recording import LOCK, Exports
from observes_assets.sources.zoho.session import open_client


def finished(installation: Installation) -> list[str] | str:
    """Exports that are completed or have failed, and that nobody has taken yet; else why there are none.

    Looks and pays nothing: what follows from it is for the run to ask for.
    """
    contract = installation.contracts["zoho"]
    with installation.connect("zoho sensor", role=LOADER) as connection:
        exports = Exports(installation, connection, "")
        if not exports.open_readings():
            return "No export is under way."
        try:
            with (
                session_lock(connection, LOCK, wait=False, what="Zoho"),
                open_client(installation.settings, contract) as client,
            ):
                if client is None:
                    return "Zoho is not configured."
                found = [one for reading in exports.open_readings().values() for one in reading]
                for place, one in enumerate(found):
                    if not one.is_under_way:
                        continue
                    try:
                        answer = client.export(one.page.what, one.export_id)
                        found[place] = one.seen(answer, client.server_at)
                    except GoneError:
                        found[place] = replace(one, ended_as="expired")
                    exports.update(found[place])
        except BusyError:
            return "A run is at it."
        except SourceError as error:
            return f"Zoho can't be asked: {error.message}"
    ready = [one.export_id for one in found if one.state == "COMPLETED" or one.ended_as]
    return ready or f"Zoho works on {len(found)} exports."
