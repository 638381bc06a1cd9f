"""Connecting, databases, and what is said when that fails."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, text

from observes_assets.errors import ObservesError, SettingsError
from observes_assets.postgres.connect import connect, ensure_database, require_supported
from observes_assets.postgres.url import parts, sqlalchemy_url, with_database

APPLICATION = "observes tests"


def test_a_connection_is_in_utc_and_utf8_whatever_the_role_or_the_environment_says(database_url, monkeypatch):
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    monkeypatch.setenv("PGCLIENTENCODING", "latin1")
    monkeypatch.setenv("PGPORT", "1")
    with connect(database_url, application_name=APPLICATION) as connection:
        connection.execute("select 1")
        connection.rollback()
        row = connection.execute(
            "select current_setting('TimeZone'), current_setting('client_encoding'),"
            " current_setting('application_name'), upper('é'), 'É' ilike 'é'"
        ).fetchone()
    assert row == ("UTC", "UTF8", APPLICATION, "É", True)


def test_options_in_the_url_are_kept(database_url):
    with connect(f"{database_url}&options=-c%20work_mem%3D77MB", application_name=APPLICATION) as connection:
        row = connection.execute("select current_setting('work_mem'), current_setting('TimeZone')").fetchone()
    assert row == ("77MB", "UTC")


def test_a_database_has_the_builtin_locale_and_is_made_once(database_url):
    name = parts(database_url).database
    assert ensure_database(with_database(database_url, "postgres"), name) == database_url
    with connect(database_url, application_name=APPLICATION) as connection:
        require_supported(connection)
        row = connection.execute(
            "select datlocprovider::text, datlocale from pg_database where datname = current_database()"
        ).fetchone()
    assert row == ("b", "C.UTF-8")


@pytest.mark.parametrize(
    "locale",
    ["locale_provider libc locale 'C' encoding 'UTF8'", "locale_provider libc locale 'C' encoding 'LATIN1'"],
)
def test_a_database_with_another_locale_is_refused(database_url, locale):
    name = parts(database_url).database
    postgres = with_database(database_url, "postgres")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("create database {} template template0 " + locale).format(sql.Identifier(name))
        )
    with pytest.raises(SettingsError, match="built-in locale"):
        ensure_database(postgres, name)


WRONG = [
    ("postgresql://me:s3cret@127.0.0.1:1/db", "127.0.0.1"),
    ("postgresql://me:s3cret@host.invalid/db", "host.invalid"),
    ("postgresql://me:s3cret@/db?host=/no/such/folder", "/no/such/folder"),
    ("postgresql://me:s3cret@host:port/db", "no number"),
    ("mysql://me:s3cret@host/db", "understood"),
    ("me:s3cret@host/db", "understood"),
]


@pytest.mark.parametrize(("url", "named"), WRONG)
def test_a_wrong_url_is_a_settings_error_that_names_the_place_and_not_the_password(url, named):
    with pytest.raises(SettingsError, match=named) as caught:
        connect(url, application_name=APPLICATION)
    assert "s3cret" not in str(caught.value)


def test_a_wrong_login_or_database_is_said_without_the_password(database_url):
    password = parts(database_url).password
    with pytest.raises(SettingsError, match="password authentication failed") as caught:
        connect(database_url.replace(password, "s3cret"), application_name=APPLICATION)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(SettingsError, match="does not exist") as caught:
        connect(with_database(database_url, "nothing here"), application_name=APPLICATION)
    assert password not in str(caught.value)


def test_a_full_server_is_no_wrong_setting(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = parts(database_url).database
        connection.execute(sql.SQL("create role one_seat login password 'x' connection limit 1"))
        seat = database_url.replace("observes:" + parts(database_url).password, "one_seat:x")
        try:
            with psycopg.connect(seat), pytest.raises(ObservesError, match="too many connections") as caught:
                connect(seat, application_name=APPLICATION)
            assert not isinstance(caught.value, SettingsError)
            assert name in str(caught.value)
        finally:
            connection.execute("drop role one_seat")


def test_a_role_without_the_rights_it_needs_is_told_which(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create role newcomer login password 'x' createrole")
        try:
            url = database_url.replace("observes:" + parts(database_url).password, "newcomer:x")
            with (
                connect(url, application_name=APPLICATION) as theirs,
                pytest.raises(SettingsError, match=r"'newcomer' .* lacks CREATEDB") as caught,
            ):
                require_supported(theirs)
            assert caught.value.remedy == "As a superuser: alter role newcomer createdb;"
            with pytest.raises(SettingsError, match="may not make the database"):
                ensure_database(url, "theirs")
        finally:
            connection.execute("drop role newcomer")


def test_a_read_only_server_is_refused(database_url):
    url = f"{database_url}&options=-c%20default_transaction_read_only%3Don"
    with (
        connect(url, application_name=APPLICATION) as connection,
        pytest.raises(SettingsError, match="read-only"),
    ):
        require_supported(connection)


def test_two_who_make_the_same_database_at_once_both_get_it(database_url):
    name = f"{parts(database_url).database}_twice"
    with ThreadPoolExecutor(4) as pool:
        urls = set(pool.map(lambda _: ensure_database(database_url, name), range(4)))
    assert len(urls) == 1
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_dagsters_sqlalchemy_reaches_the_same_database(database_url):
    engine = create_engine(sqlalchemy_url(database_url))
    with engine.connect() as connection:
        assert connection.execute(text("select current_database()")).scalar() == parts(database_url).database
        assert engine.driver == "psycopg2"
    engine.dispose()
