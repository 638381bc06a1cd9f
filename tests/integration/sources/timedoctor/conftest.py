"""A client of the scripted TimeDoctor."""

from collections.abc import Callable, Iterator

import pytest

from observes_assets.contracts import RateLimit
from observes_assets.sources.timedoctor.access import Access
from observes_assets.sources.timedoctor.client import Client
from tests.integration.sources.timedoctor.vendor import Vendor, serving

MakeClient = Callable[..., Client]
LIMIT = RateLimit(requests=10_000, period_seconds=60)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with serving() as found:
        yield found


@pytest.fixture
def make_client(vendor: Vendor) -> Iterator[MakeClient]:
    made: list[Client] = []

    def make(*, limit: RateLimit = LIMIT, url: str | None = None, **more: object) -> Client:
        access = Access(
            email="owner@quillmark.example",
            password="a password",
            totp_secret="JBSWY3DPEHPK3PXP",
            url=url or vendor.url,
            company=None,
            first_day=None,
            reread_days=35,
            memory_days=90,
        )
        made.append(Client(access, limit, backoff_seconds=0.001, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    return make_client()
