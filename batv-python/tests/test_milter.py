"""The pymilter example, talked to as an MTA talks to a milter."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import batv
import pytest
from miltertest import MilterConnection, codec, constants

EXAMPLE = Path(__file__).parents[1] / "examples" / "pymilter_filter.py"
ALICE = "alice@example.test"
BOB = "bob@example.org"
OUTSIDE, INSIDE = "198.51.100.1", "127.0.0.1"
CONTINUE: tuple[str, dict[str, str]] = (constants.SMFIR_CONTINUE, {})


# libmilter sends the ESMTP arguments of a changed sender only when there are some.
codec.codec[constants.SMFIR_CHGFROM] = (("from", "str"),)


@contextmanager
def running(config: Path) -> Iterator[Path]:
    """Run the milter as a process; give its socket."""
    path = config.parent / "milter.sock"
    command = [sys.executable, str(EXAMPLE), "--config", str(config), "--socket", f"unix:{path}"]
    process = subprocess.Popen(command)  # noqa: S603
    try:
        yield path
    finally:
        process.kill()
        process.wait()


@contextmanager
def connected(path: Path, client: str) -> Iterator[MilterConnection]:
    """Connect as an MTA with a client of this address."""
    end = time.monotonic() + 30
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        while connection.connect_ex(str(path)):
            assert time.monotonic() < end
        mta = MilterConnection(connection)
        mta.optneg_mta()
        mta.send(constants.SMFIC_CONNECT, hostname="client", family="4", port=25, address=client)
        yield mta
        mta._send(constants.SMFIC_QUIT)


def reply(mta: MilterConnection, command: str, address: str) -> object:
    return mta.send_ar(command, args=[address])


def begin(mta: MilterConnection, sender: str) -> None:
    assert reply(mta, constants.SMFIC_MAIL, sender) == CONTINUE


@pytest.fixture
def milter(site: Path) -> Iterator[Path]:
    with running(site) as path:
        yield path


def test_internal_mail_is_signed_at_the_end(milter: Path, site: Path) -> None:
    config = batv.Config.load(site)
    with connected(milter, INSIDE) as mta:
        before = time.time()
        begin(mta, f"<{ALICE}>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        [(action, change), end] = mta.send_eom()
        assert action == constants.SMFIR_CHGFROM
        assert change["from"] in {config.sign(f"<{ALICE}>", at) for at in (before, time.time())}
        assert end == CONTINUE

        begin(mta, f"<{ALICE}>")
        assert reply(mta, constants.SMFIC_RCPT, "<carol@example.test>") == CONTINUE
        assert mta.send_eom() == [CONTINUE]


def test_mail_from_outside_is_never_signed(milter: Path) -> None:
    with connected(milter, OUTSIDE) as mta:
        begin(mta, f"<{ALICE}>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        assert mta.send_eom() == [CONTINUE]

        mta.send_macro(constants.SMFIC_MAIL, **{"{auth_type}": "PLAIN"})
        begin(mta, f"<{ALICE}>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        assert mta.send_eom()[0][0] == constants.SMFIR_CHGFROM


def test_bounces_are_judged_recipient_by_recipient(milter: Path, site: Path) -> None:
    signed = batv.Config.load(site).sign(ALICE)
    refused = (
        constants.SMFIR_REPLYCODE,
        {
            "smtpcode": "550",
            "space": " ",
            "text": "5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)",
        },
    )
    with connected(milter, OUTSIDE) as mta:
        begin(mta, "<>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{ALICE}>") == refused
        assert reply(mta, constants.SMFIC_RCPT, f"<{signed}>") == CONTINUE
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        assert mta.send_eom() == [
            (constants.SMFIR_DELRCPT, {"rcpt": f"<{signed}>"}),
            (constants.SMFIR_ADDRCPT, {"rcpt": f"<{ALICE}>"}),
            CONTINUE,
        ]


def test_the_servers_own_bounces_are_never_refused(milter: Path) -> None:
    with connected(milter, INSIDE) as mta:
        begin(mta, "<>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{ALICE}>") == CONTINUE
        assert mta.send_eom() == [CONTINUE]
