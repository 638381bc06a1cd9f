"""URLs: what is kept, what is hidden."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observes_assets.errors import SettingsError
from observes_assets.postgres.url import parts, redact, sqlalchemy_url, with_database

SOCKET = "postgresql://observes:p%40ss%2F%3F@/postgres?host=/tmp/a%20b&port=5432"


def test_parts_of_a_socket_url():
    found = parts(SOCKET)
    assert (found.host, found.port, found.user) == ("/tmp/a b", 5432, "observes")
    assert (found.password, found.database, found.options) == ("p@ss/?", "postgres", {})
    assert "p@ss" not in repr(found)


def test_parts_of_a_network_url():
    found = parts("postgres://me@[::1]:5433/db?sslmode=verify-full&sslrootcert=/ca.pem")
    assert (found.host, found.port, found.database) == ("::1", 5433, "db")
    assert found.options == {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}


def test_what_a_url_leaves_out_is_what_libpq_takes():
    assert parts("postgresql://me@host").database == "me"
    assert parts("postgresql://me@host").port == 5432


@pytest.mark.parametrize(
    ("url", "lacks"), [("postgresql:///db?user=me", "host"), ("postgresql://host/db", "user")]
)
def test_nothing_is_left_to_the_environment(url, lacks, monkeypatch):
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGUSER", "somebody")
    with pytest.raises(SettingsError, match=f"names no {lacks}"):
        parts(url)


def test_another_database_of_the_same_server():
    other = with_database(SOCKET, "with space/and?more")
    assert parts(other).database == "with space/and?more"
    assert parts(other).password == "p@ss/?"
    assert parts(with_database("postgresql://me@[::1]:5433/db?sslmode=require", "x")).host == "::1"


@pytest.mark.parametrize(
    "url",
    [
        SOCKET.replace("p%40ss%2F%3F", "s3cret"),
        "postgresql://me:s3cret@host:5433/db?sslmode=require",
        "postgresql://host/db?user=me&password=s3cret",
        "postgresql://me:s3cret@host:no/db",
        "me:s3cret",
    ],
)
def test_secrets_are_hidden(url):
    assert "s3cret" not in redact(url)


def test_redacted_url_still_says_where():
    assert redact("postgresql://me:s3cret@host:5433/db?sslmode=require") == (
        "postgresql://me@host:5433/db?sslmode=require"
    )


def test_sqlalchemy_is_told_the_driver():
    assert sqlalchemy_url("postgresql://me:p%40@host/db") == "postgresql+psycopg2://me:p%40@host/db"
    assert sqlalchemy_url(SOCKET).startswith(
        "postgresql+psycopg2://observes:p%40ss%2F%3F@/postgres?host=/tmp/a%20b"
    )


def test_several_hosts_are_refused_where_one_is_needed():
    with pytest.raises(SettingsError, match="several hosts"):
        parts("postgresql://me:s3cret@a:1,b:2/db")


WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(user=WORDS, password=WORDS, database=WORDS)
def test_any_name_and_password_survive(user, password, database):
    url = f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@/x?host=/tmp/s"
    found = parts(with_database(url, database))
    assert (found.user, found.password, found.database, found.host) == (user, password, database, "/tmp/s")
