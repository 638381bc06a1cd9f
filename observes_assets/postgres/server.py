"""The embedded PostgreSQL server of one home.

It outlives whoever started it: an idle server costs next to nothing, and only ``observes down`` stops it.
"""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from observes_assets.errors import ObservesError, SettingsError
from observes_assets.postgres import process
from observes_assets.postgres.account import Account, account_for
from observes_assets.postgres.binaries import binaries_for
from observes_assets.postgres.cluster import (
    PORT,
    SUPERUSER,
    configure,
    make_cluster,
)
from observes_assets.postgres.place import Place
from observes_assets.postgres.probe import answers

log = logging.getLogger(__name__)

START_SECONDS = 300.0
"""How long a start may last; recovery after a kill replays up to ``max_wal_size``, in seconds normally."""

STOP_SECONDS = 60.0
"""How long running statements get to end before the server stops without a checkpoint."""

ORPHAN_SECONDS = 10.0
"""How long what a killed server left behind gets to end by itself."""

LOG_BYTES = 10_000_000
"""A longer server log is set aside at the next start, one of them."""


class EmbeddedServer:
    """PostgreSQL over ``<home>/postgres``, reachable by a Unix socket only.

    Several objects, in several processes, may stand for the same server.

    Args:
        home: ``OBSERVES_HOME``; made at the first start.
    """

    def __init__(self, home: Path) -> None:
        self._place = Place(home)

    def url(self, database: str) -> str:
        """The superuser's URL for a database, with the password: don't show it.

        Raises:
            SettingsError: this home has no server yet, or its password can't be read.
        """
        sockets = self._running_sockets() or str(self._place.sockets)
        password = quote(self._place.password(), safe="")
        # The port is in the URL since libpq would otherwise take PGPORT from the environment.
        return (
            f"postgresql://{SUPERUSER}:{password}@/{quote(database, safe='')}"
            f"?host={quote(sockets, safe='/')}&port={PORT}"
        )

    def is_running(self) -> bool:
        """Whether a connection is answered by the cluster of this home, now."""
        with self._explained():
            if not process.is_alive(self._place) and not self._postmaster():
                return False
            return not self._was_moved() and self._answers()

    def start(self) -> str:
        """Start the server unless it runs, and wait until it answers; made at the first start.

        Returns: the superuser's URL for database ``postgres``.

        Raises:
            SettingsError: the home, the account or the programs can't be used.
            IntegrityError: the data folder is damaged.
            ObservesError: the server did not come up; holds the last lines of its log.
        """
        self._place.make_folder()
        with self._explained():
            if not self.is_running():
                with process.control(self._place):
                    self._start()
        return self.url("postgres")

    def stop(self) -> bool:
        """Stop the server, whoever uses it, and wait for its end.

        Returns: False if it was not running.

        Raises:
            ObservesError: it did not end.
        """
        with self._explained():
            if not self._place.folder.exists():
                return False
            with process.control(self._place):
                return self._stop_if_alive()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise SettingsError(
                f"{error.filename or self._place.folder} is closed to this user.",
                "Use the account that made this home, or set OBSERVES_HOME to a folder of your own.",
            ) from None
        except OSError as error:
            raise ObservesError(
                f"The embedded PostgreSQL's files can't be used: {error.filename}: {error.strerror}."
            ) from None

    def _stop_if_alive(self) -> bool:
        account = account_for(self._place.cluster)
        was_alive = process.is_alive(self._place) or process.postmaster(self._place, account) is not None
        if was_alive:
            self._stop(account)
        self._place.remove_sockets()
        return was_alive

    def _stop(self, account: Account) -> None:
        sockets = self._running_sockets()
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 15.0)):
            if self._signal_and_wait(account, number, seconds):
                if sockets:
                    with contextlib.suppress(OSError):
                        Path(sockets).rmdir()
                return
        raise ObservesError(
            f"The embedded PostgreSQL of {self._place.home} did not stop.", f"See {self._place.log}."
        )

    def _signal_and_wait(self, account: Account, number: signal.Signals, seconds: float) -> bool:
        end = time.monotonic() + seconds
        signalled = None
        while process.is_alive(self._place) or process.postmaster(self._place, account):
            if time.monotonic() > end:
                return False
            pid = process.postmaster(self._place, account)
            if pid and pid != signalled:
                process.send(pid, number, self._place, account)
                signalled = pid
            elif not pid:  # starting, ending, or killed
                self._end_orphans(account)
            time.sleep(0.02)
        return True

    def _start(self) -> None:
        account = self._place.prepare()
        binaries = binaries_for(account)
        make_cluster(self._place, account, binaries)
        life = self._wait_for_life(account)
        if life is None:
            return
        try:
            process.disown_stale_pid_file(self._place, account)
            configure(self._place, account, self._place.make_sockets(account))
            begin = self._rotate_log()
            process.launch(self._place, account, binaries, life)
        finally:
            os.close(life)
        self._wait_for_answer(begin)

    def _wait_for_life(self, account: Account) -> int | None:
        """Wait until either no process of a server is left (its lock is returned) or it answers (None)."""
        begin = time.monotonic()
        if self._was_moved() and process.postmaster(self._place, account):
            log.warning("%s was moved while its PostgreSQL ran: it is started again.", self._place.home)
            self._stop(account)
        while time.monotonic() < begin + START_SECONDS:
            life = process.lock_life(self._place)
            if life is not None and not process.postmaster(self._place, account):
                return life
            if life is not None:  # somebody started it by hand, without our lock
                os.close(life)
            if self._answers():
                return None
            self._check_socket(account)
            if time.monotonic() > begin + ORPHAN_SECONDS:
                self._end_orphans(account)
            time.sleep(0.05)
        raise self._too_slow()

    def _wait_for_answer(self, log_begin: int) -> None:
        begin = time.monotonic()
        told = False
        while not self._answers():
            if not process.is_alive(self._place) and not self._answers():
                raise ObservesError(
                    f"The embedded PostgreSQL did not start: {self._log_since(log_begin)}",
                    f"Its log is {self._place.log}.",
                )
            if time.monotonic() > begin + START_SECONDS:
                raise self._too_slow()
            if not told and time.monotonic() > begin + 3:
                told = True
                log.warning(
                    "PostgreSQL recovers what it wrote before it was killed; this may take up to %d s.",
                    START_SECONDS,
                )
            time.sleep(0.02)

    def _too_slow(self) -> ObservesError:
        return ObservesError(
            f"The embedded PostgreSQL of {self._place.home} did not answer within {START_SECONDS:.0f} s. "
            f"The last line of its log: {self._log_since(-300)}",
            "It was left as it is: if it recovers, run again later; otherwise `observes down` ends it.",
        )

    def _end_orphans(self, account: Account) -> None:
        # They would hold the shared memory, and a new server must not start beside it. Their transaction
        # is lost since the server was killed; ending them loses nothing more.
        for pid in process.orphans(self._place, account):
            log.warning("Ending process %d, which a killed PostgreSQL server left behind.", pid)
            process.send(pid, signal.SIGQUIT, self._place, account)

    def _postmaster(self) -> int | None:
        return process.postmaster(self._place, account_for(self._place.cluster))

    def _was_moved(self) -> bool:
        # The server goes on under its old path, and fails at every file that it opens by it.
        lines = process.pid_file(self._place)
        return len(lines) > 1 and lines[1] != str(self._place.data)

    def _check_socket(self, account: Account) -> None:
        lines = process.pid_file(self._place)
        if len(lines) < 8 or lines[7].strip() != "ready" or Path(lines[4], f".s.PGSQL.{PORT}").exists():
            return
        if pid := process.postmaster(self._place, account):
            raise ObservesError(
                f"The embedded PostgreSQL of {self._place.home} runs (process {pid}), but its socket in "
                f"{lines[4]} is gone: somebody cleaned up there, or it runs in another container.",
                "Stop it with `observes down` and run again.",
            )

    def _running_sockets(self) -> str | None:
        lines = process.pid_file(self._place)
        if len(lines) < 5 or not lines[4] or not process.is_alive(self._place):
            return None
        return lines[4]

    def _answers(self) -> bool:
        return answers(self._place, self.url("postgres"))

    def _rotate_log(self) -> int:
        """Set a long log aside; returns where this start's lines begin, in bytes."""
        try:
            size = self._place.log.stat().st_size
        except FileNotFoundError:
            return 0
        if size < LOG_BYTES:
            return size
        self._place.log.replace(self._place.log.with_suffix(".log.1"))
        return 0

    def _log_since(self, begin: int) -> str:
        try:
            text = self._place.log.read_bytes()[begin:].decode(errors="replace")
        except OSError:
            return "there is no log"
        return " | ".join(line.strip() for line in text.strip().splitlines()[-6:]) or "its log is silent"
