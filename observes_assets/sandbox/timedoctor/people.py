"""Who logs hours: the company's people, an office without GitHub, and testers who stay for some weeks."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.story import FOUNDED_AT

OWNER_LOGIN = "kira-novak"
ERASED_AFTER = timedelta(days=30)  # a deleted user's data
_TESTERS_EVERY, _TESTERS_STAY, _TESTERS_KEPT = timedelta(days=28), timedelta(days=24), timedelta(days=90)
_OFFICE = (("paz-ibarra", "Paz Ibarra", -5), ("rosa-lindh", "Rosa Lindh", 1))
_TESTERS = (
    "Ana Kovač",
    "Bo Eriksen",
    "Cleo Marsh",
    "Dario Conti",
    "Esi Boateng",
    "Filip Dvořák",
    "Gwen Adair",
)
_PROJECTS = {
    "harbor-crew": ("harbor", "storefront"),
    "ledger-crew": ("ledger", "logistics"),
    "platform": ("foundation", "storefront", "logistics"),
}


@dataclass(frozen=True)
class Member:
    """A user of TimeDoctor. Who is archived has left; a deleted one's data is erased a month later."""

    id: str
    name: str
    email: str
    role: str
    utc_offset_hours: int
    joined_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    projects: tuple[str, ...]
    has_two_devices: bool

    def works_on(self, day: date) -> bool:
        """Whether they were employed on a day."""
        last = self.archived_at or datetime.max.replace(tzinfo=self.joined_at.tzinfo)
        return self.joined_at.date() <= day <= last.date()


def vendor_id(kind: str, key: object) -> str:
    """An opaque id of sixteen characters, the same in every process."""
    return urlsafe_b64encode(hashlib.sha256(f"{kind} {key}".encode()).digest()[:12]).decode()


def members(company: Company) -> list[Member]:
    """Everybody whom TimeDoctor still knows at the company's moment, by id, archived ones too."""
    everybody = [_colleague(one) for one in company.people.values() if not one.is_bot]
    everybody += [_at_the_desk(number, *one) for number, one in enumerate(_OFFICE)]
    everybody += _testers(company.now)
    known = [one for one in everybody if not one.deleted_at or one.deleted_at + ERASED_AFTER > company.now]
    return sorted(known, key=lambda one: one.id)


def owner(company: Company) -> Member:
    """Whose account the API is read with."""
    return _colleague(company.people[OWNER_LOGIN])


def _colleague(person: Person) -> Member:
    return Member(
        vendor_id("user", person.id),
        person.name,
        person.email,
        "owner" if person.login == OWNER_LOGIN else "user",
        person.utc_offset_hours,
        person.joined_at,
        person.left_at,
        person.left_at if person.is_deleted else None,
        _PROJECTS.get(person.team or "", ("atlas", "storefront", "logistics")),
        person.id % 4 == 1,
    )


def _at_the_desk(number: int, login: str, name: str, hours: int) -> Member:
    role = ("admin", "user")[number]
    email = f"{login}@quillmark.example"
    who = vendor_id("user", login)
    return Member(who, name, email, role, hours, FOUNDED_AT, None, None, ("office", "storefront"), False)


def _testers(now: datetime) -> list[Member]:
    """One after the other. They are archived when they go, and deleted some months later."""
    found = []
    for number in range((now - FOUNDED_AT) // _TESTERS_EVERY + 1):
        joined_at = FOUNDED_AT + number * _TESTERS_EVERY
        left_at = joined_at + _TESTERS_STAY
        gone_at = left_at + _TESTERS_KEPT
        name, turn = _TESTERS[number % len(_TESTERS)], number // len(_TESTERS)
        email = f"tester-{number + 1}@quillmark.example"
        found.append(
            Member(
                vendor_id("tester", number),
                f"{name} {turn + 1}" if turn else name,
                email,
                "user",
                (0, -3, 5)[number % 3],
                joined_at,
                left_at if left_at <= now else None,
                gone_at if gone_at <= now else None,
                ("harbor", "storefront"),
                False,
            )
        )
    return found
