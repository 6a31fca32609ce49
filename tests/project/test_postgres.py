"""The tests' own PostgreSQL: databases apart from each other, outages, nothing left behind."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
from postgres import Postgres, served


def test_databases_are_apart(postgres: Postgres) -> None:
    one, other = postgres.fresh(), postgres.fresh()
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE things (n integer)")
    with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT n FROM things")
    for each in (one, other):
        postgres.drop(each)


@pytest.mark.parametrize("kill", [False, True])
def test_what_is_committed_outlives_a_restart(
    postgres: Postgres, database: str, kill: bool
) -> None:
    with psycopg.connect(database) as before:
        before.execute("CREATE TABLE things (n integer)")
        before.commit()
        postgres.restart(kill=kill)
        with pytest.raises(psycopg.OperationalError):
            before.execute("SELECT 1")
    with psycopg.connect(database) as after:
        assert after.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_cut_off_nothing_answers_and_no_connection_breaks(
    postgres: Postgres, database: str
) -> None:
    with psycopg.connect(database) as connection:
        with postgres.cut_off(), pytest.raises(psycopg.OperationalError):
            psycopg.connect(database, connect_timeout=2)
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_killed_test_leaves_no_server_behind(cut_off: bool) -> None:
    program = f"""
from contextlib import nullcontext
from postgres import served
with served() as server, server.cut_off() if {cut_off} else nullcontext():
    print(server._processes()[0].pid, server.folder, flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as test:
        assert test.stdout is not None
        head, folder = test.stdout.readline().decode().split()
        server = psutil.Process(int(head))
        test.send_signal(signal.SIGKILL)
    psutil.wait_procs([server], timeout=30)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    subprocess.run(["rm", "-r", folder], check=True)


def test_nothing_is_left_behind() -> None:
    with served() as server:
        processes = server._processes()
    assert not server.folder.exists()
    assert not any(process.is_running() for process in processes)
