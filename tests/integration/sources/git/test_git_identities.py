"""A mailmap as git applies it."""

import pytest

from observes_assets.sources.git.identities import canonical, validate_mailmap

MAILMAP = """\
# people
Proper One <one@x>
<two@proper> <two@commit>
Proper Three <three@proper> <three@commit>
Proper Four <four@proper> Commit Four <four@commit>
Ünï Ço <ü@x> <old@x>
"""


def apply(mailmap, *people):
    return [found[2:] for found in canonical(mailmap, people)]


def test_all_four_forms_whatever_the_case():
    assert validate_mailmap(MAILMAP) == []
    assert apply(
        MAILMAP,
        ("nick", "One@X"),
        ("Two", "two@commit"),
        ("3", "THREE@commit"),
        ("commit four", "Four@Commit"),
        ("Another Four", "four@commit"),
        ("Stranger", "Stranger@X"),
        ("x", "OLD@x"),
    ) == [
        ("Proper One", "One@X"),  # a line with one e-mail gives a name and leaves the e-mail as it is
        ("Two", "two@proper"),
        ("Proper Three", "three@proper"),
        ("Proper Four", "four@proper"),
        ("Another Four", "four@commit"),
        ("Stranger", "Stranger@X"),
        ("Ünï Ço", "ü@x"),
    ]


def test_order_and_input_are_kept():
    people = [(f"n{number}", f"e{number % 7}@x") for number in range(10_000)]
    found = list(canonical("Zero <zero@x> <e0@x>\n", iter(people)))
    assert [one[:2] for one in found] == people
    assert sum(one[2:] == ("Zero", "zero@x") for one in found) == sum(p[1] == "e0@x" for p in people)


@pytest.mark.parametrize(
    "person",
    [
        ("", ""),
        ("", "a@x"),
        ("Name", ""),
        ("a <b", "c@x"),
        ("a", "b>c"),
        ("a\nb <one@x>", "c@x"),
        ("a", "b\nOne <one@x>"),
        ("nul\0", "x"),
        ("\\xff", "\\xfe@x"),
        ("a > b", "<<x@y"),
        ("ends with space ", "x"),
        ('quo"te\\', "'@x"),
    ],
)
def test_odd_identities_come_back_as_they_are(person):
    expected = (person[0].rstrip() if person[0] == "ends with space " else person[0], person[1])
    assert apply(MAILMAP, ("nick", "one@x"), person, ("nick", "one@x")) == [
        ("Proper One", "one@x"),
        expected,
        ("Proper One", "one@x"),
    ]


def test_an_empty_name_can_be_given_one():
    assert apply("Named <a@x>\n", ("", "a@x")) == [("Named", "a@x")]


def test_no_mailmap_and_nobody():
    assert apply("", ("A", "A@x")) == [("A", "A@x")]
    assert apply(MAILMAP) == []


def test_windows_line_ends_and_comments_behind():
    text = "One <one@x> <o@x>\r\nTwo <two@x> <t@x> # since 2024\r\n"
    assert validate_mailmap(text) == []
    assert apply(text, ("o", "o@x"), ("t", "t@x")) == [("One", "one@x"), ("Two", "two@x")]


def test_what_is_refused_would_indeed_do_something_else():
    """Each of these lines passes git without a word, and doesn't do what it seems to say."""
    for line, person, seems in [
        ("Proper <p@x> c@x", ("C", "c@x"), ("Proper", "p@x")),
        ("Proper <> <c@x>", ("C", "c@x"), ("Proper", "")),
        ("  # Proper <p@x> <c@x>", ("C", "c@x"), ("C", "c@x")),
        ("\ufeffProper <p@x> <c@x>", ("C", "c@x"), ("Proper", "p@x")),
        ("Proper <p@x> # was <c@x>", ("C", "c@x"), ("Proper", "p@x")),
        ("Proper <p@x> < c@x >", ("C", "c@x"), ("Proper", "p@x")),
        ("P" * 1020 + " <p@x> <c@x>", ("C", "c@x"), ("P" * 1020, "p@x")),
    ]:
        assert validate_mailmap(line), line
        assert apply(line + "\n", person) != [seems], line
