"""A repository keeps its id while its URL or its nickname within the organization is unchanged."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from observes_assets.sources.portfolio.identity import Entry, KnownRepository, resolve


class Book:
    """A portfolio's versions, one after another."""

    def __init__(self) -> None:
        self.known: list[KnownRepository] = []
        self.ids: dict[Entry, str] = {}

    def version(self, *listed: str | Entry) -> list[str]:
        """List "nickname place" (of organization acme), or entries; returns their ids in that order."""
        entries = [one if isinstance(one, Entry) else entry(one) for one in listed]
        self.ids, self.known = resolve(entries, self.known, self.ids)
        return [self.ids[one] for one in entries]


def entry(text: str, organization: str = "acme") -> Entry:
    nickname, place = text.split()
    return Entry(organization, nickname, f"https://example.com/{place}")


def test_renamed() -> None:
    book = Book()
    assert book.version("web u1") == book.version("site u1")
    assert [one.nickname for one in book.known] == ["site"]


def test_another_url() -> None:
    book = Book()
    assert book.version("web u1") == book.version("web u2")
    assert [one.url for one in book.known] == ["https://example.com/u2"]


def test_one_after_the_other() -> None:
    book = Book()
    assert book.version("web u1") == book.version("web u2") == book.version("site u2")


def test_both_changed_at_once_is_new() -> None:
    book = Book()
    (before,) = book.version("web u1")
    (after,) = book.version("site u2")
    assert before != after
    assert [one.repository_id for one in book.known] == [before, after]


def test_swapped_nicknames_follow_the_urls() -> None:
    book = Book()
    web, app = book.version("web u1", "app u2")
    assert book.version("app u1", "web u2") == [web, app]


def test_removed_and_put_back() -> None:
    book = Book()
    web, app = book.version("web u1", "app u2")
    assert book.version("app u2") == [app]
    assert book.version("app u2", "web u1") == [app, web]
    book.version("app u2")
    assert book.version("app u2", "web u3") == [app, web]


def test_nickname_given_to_another_repository_while_its_own_stays() -> None:
    book = Book()
    (web,) = book.version("web u1")
    old, new = book.version("old u1", "web u2")
    assert old == web != new


def test_organizations_share_nothing() -> None:
    book = Book()
    acme, other = book.version(entry("web u1"), entry("web u1", "other"))
    assert acme != other
    assert book.version(entry("web u2"), entry("web u1", "other")) == [acme, other]


def test_groups_of_an_organization_share_a_repository() -> None:
    book = Book()
    web, shop = book.version("web u1", "shop u1.git")
    assert web == shop
    assert [one.nickname for one in book.known] == ["shop"]
    # The nickname that stays is enough, though the list of known repositories holds the other.
    assert book.version("web u2") == [web]


def test_second_entry_changes_nothing_about_the_first() -> None:
    book = Book()
    book.version("web u1")
    before = book.known
    book.version("web u1", "app u1.git")
    assert book.known == before


def test_ambiguous_nickname_is_new() -> None:
    book = Book()
    first = book.version("web u1", "web u2")
    second = book.version("web u3", "web u4")
    assert len({*first, *second}) == 4


def test_one_repository_cannot_become_two() -> None:
    book = Book()
    (web,) = book.version("web u1")
    assert web not in book.version("web u2", "web u3")


def test_two_repositories_cannot_become_one() -> None:
    book = Book()
    web, app = book.version("web u1", "app u2")
    assert not {web, app} & set(book.version("web u3", "app u3"))


def test_url_and_nickname_that_come_back_after_both_were_given_up() -> None:
    book = Book()
    (first,) = book.version("web u1")
    assert book.version("web u2") == book.version("site u2") == [first]
    site, web = book.version("site u2", "web u1")
    assert site == first
    assert web == f"{first}-2"
    assert book.version("site u2", "web u1") == [site, web]


def test_ids_are_the_same_on_every_machine() -> None:
    assert Book().version("web u1") == ["f195dcd029af4f5e"]


entries = st.builds(
    lambda organization, nickname, place: entry(f"{nickname} {place}", organization),
    st.sampled_from(["acme", "other"]),
    st.sampled_from(["web", "app", "api"]),
    st.sampled_from(["u1", "u1.git", "u2", "u3", "u4"]),
)
versions = st.lists(st.lists(entries, max_size=5), min_size=1, max_size=6)


def require_injective(ids: dict[Entry, str]) -> None:
    """The same place has one id, another place another."""
    assert len(set(ids.values())) == len({one.place for one in ids})
    assert len({(one.place, found) for one, found in ids.items()}) == len(set(ids.values()))


@settings(max_examples=300, deadline=None)
@given(versions)
def test_any_sequence_of_versions(sequence: Iterable[list[Entry]]) -> None:
    book = Book()
    for listed in sequence:
        known, former = book.known, book.ids
        places = {one.place: one.repository_id for one in known}
        book.version(*listed)
        require_injective(book.ids)
        for one, found in book.ids.items():
            assert found == places.get(one.place, found)
        # Nothing known is forgotten, changes its organization, or shares its place.
        assert [one.repository_id for one in book.known][: len(known)] == [one.repository_id for one in known]
        assert [one.organization for one in book.known][: len(known)] == [one.organization for one in known]
        assert len({one.place for one in book.known}) == len(book.known)
        # The order of entries decides nothing, and reading the same version again changes nothing.
        assert resolve(reversed(listed), known, former) == (book.ids, book.known)
        assert resolve(listed, book.known, book.ids) == (book.ids, book.known)


@settings(max_examples=200, deadline=None)
@given(versions, st.data())
def test_one_change_at_a_time_keeps_the_id(sequence: list[list[Entry]], data: st.DataObject) -> None:
    book = Book()
    for listed in sequence:
        book.version(*listed)
    holders = {((one.organization, one.nickname), one.repository_id) for one in book.known}
    holders |= {((one.organization, one.nickname), found) for one, found in book.ids.items()}
    nicknames = [nickname for nickname, _ in holders]
    lonely = [one for one in book.ids if len([1 for other in book.ids if other.place == one.place]) == 1]
    if not lonely:
        return
    one = data.draw(st.sampled_from(sorted(lonely, key=repr)))
    others = [other for other in book.ids if other != one]
    before = book.ids[one]
    renamed, known = Entry(one.organization, "fresh", one.url), book.known
    ids, _ = resolve([*others, renamed], known, book.ids)
    assert ids[renamed] == before
    if nicknames.count((one.organization, one.nickname)) == 1:
        moved = Entry(one.organization, one.nickname, "https://example.com/fresh")
        ids, _ = resolve([*others, moved], known, book.ids)
        assert ids[moved] == before
