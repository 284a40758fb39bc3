"""A PostgreSQL server for tests, in a folder of its own and reached by a socket there alone."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

WORD: Final = "s3cr%t/@:?"
"""The password of the user; all that an address must encode is in it."""

ENCODED: Final = "s3cr%25t%2F%40%3A%3F"


def binaries() -> Path | None:
    """Return the folder of the newest server; None if there is none, or none that we may run."""
    if os.geteuid() == 0 and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        return None  # the server refuses to run as root
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    result = shutil.which("postgres")
    folders = [*([Path(result).resolve().parent] if result else []), *folders]
    ready = [f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()]
    return ready[-1] if ready else None


class PostgreSQL:
    """A server; a context in which it runs.

    Attributes
    ----------
    address
        Of its database, with the password.
    pid
        Of the server.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="coverage-pg-"))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self._user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(self._folder, "postgres", "postgres")
        socket = str(self._folder).replace("/", "%2F")
        self.address = f"postgresql://planner:{ENCODED}@{socket}/postgres"

    def __enter__(self) -> Self:
        """Make the cluster and start it."""
        data, word = self._folder / "data", self._folder / "word"
        word.write_text(WORD + "\n", encoding="utf-8")
        word.chmod(0o644)
        subprocess.run(
            [
                *(self._programs / "initdb", "-D", data, "-U", "planner", "-A", "scram-sha-256"),
                *("--pwfile", word, "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._folder,
            **self._user,
        )
        self._log = (self._folder / "log").open("w")
        self._server = subprocess.Popen(
            [self._programs / "postgres", "-D", data, "-k", self._folder, "-h", "", "-F"],
            stdout=self._log,
            stderr=self._log,
            cwd=self._folder,
            **self._user,
        )
        self.pid = self._server.pid
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, and remove all that it made."""
        self.close()

    def close(self) -> None:
        """Stop it, and remove all that it made."""
        self._server.send_signal(signal.SIGINT)  # closes connections, but in good order
        self._server.wait(20)
        self._log.close()
        shutil.rmtree(self._folder)

    def _wait(self) -> None:
        """Wait until it answers.

        Raises
        ------
        RuntimeError
            If it does not.
        """
        from adbc_driver_postgresql import dbapi

        for _ in range(200):
            try:
                self.sql("SELECT 1")
            except dbapi.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError((self._folder / "log").read_text(encoding="utf-8"))

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements, commit, and return the rows of the last."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.address) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            rows = cursor.fetchall()
            connection.commit()
        return rows

    def ingest(self, table: str, rows: Any) -> None:
        """Make a table of Arrow rows."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.address) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest(table, rows, mode="create")
            connection.commit()
