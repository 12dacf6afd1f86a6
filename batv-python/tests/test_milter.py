"""The pymilter example, talked to as an MTA talks to a milter."""

import re
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import batv
import pytest
from conftest import DEADLINE
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


def send(mta: MilterConnection, command: str, *fields: bytes) -> object:
    """Send a packet of any octets, which miltertest does not; return the reply."""
    packet = command.encode() + b"".join(fields)
    mta.sock.sendall(struct.pack("!I", len(packet)) + packet)
    return mta.recv()


@contextmanager
def connected(path: Path, client: str | None, server: str = "") -> Iterator[MilterConnection]:
    """Connect as an MTA with a client of this address, or of none that is known."""
    end = time.monotonic() + DEADLINE
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        while connection.connect_ex(str(path)):
            assert time.monotonic() < end
        mta = MilterConnection(connection)
        mta.optneg_mta()
        mta.send_macro(constants.SMFIC_CONNECT, v=server)
        address = b"U" if client is None else b"4" + struct.pack("!H", 25) + client.encode() + b"\0"
        assert send(mta, constants.SMFIC_CONNECT, b"client\0", address) == CONTINUE
        yield mta
        mta._send(constants.SMFIC_QUIT)


def reply(mta: MilterConnection, command: str, address: str, **macros: str) -> object:
    if macros:
        mta.send_macro(command, **{f"{{{name}}}": value for name, value in macros.items()})
    return send(mta, command, address.encode("utf-8", "surrogateescape"), b"\0")


def begin(mta: MilterConnection, mail_from: str, **macros: str) -> None:
    assert reply(mta, constants.SMFIC_MAIL, mail_from, **macros) == CONTINUE


def refused(text: str) -> object:
    text = f"5.7.1 Not a bounce of mail sent from here (BATV: {text})"
    return constants.SMFIR_REPLYCODE, {"smtpcode": "550", "space": " ", "text": text}


@pytest.fixture
def milter(site: Path) -> Iterator[Path]:
    with running(site) as path:
        yield path


def test_internal_mail_is_signed_at_the_end(milter: Path, site: Path) -> None:
    config = batv.Config.open(site)
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
    signed = batv.Config.open(site).sign(ALICE)
    with connected(milter, OUTSIDE) as mta:
        begin(mta, "<>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{ALICE}>") == refused("the address has no tag")
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


def test_a_client_without_an_address_is_a_stranger(milter: Path) -> None:
    with connected(milter, None) as mta:
        begin(mta, f"<{ALICE}>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        assert mta.send_eom() == [CONTINUE]
        begin(mta, "<>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{ALICE}>") == refused("the address has no tag")
        begin(mta, f"<{ALICE}>", auth_type="PLAIN")
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        assert mta.send_eom()[0][0] == constants.SMFIR_CHGFROM


def test_what_postfix_itself_reads_is_judged(milter: Path) -> None:
    spelling, null = "<x:bob@example.org;>", "<(a comment)>"
    with connected(milter, OUTSIDE, "Postfix 3.7.11") as mta:
        begin(mta, null, mail_addr="")
        to_alice = reply(mta, constants.SMFIC_RCPT, spelling, rcpt_addr=ALICE)
        assert to_alice == refused("the address has no tag")
        assert reply(mta, constants.SMFIC_RCPT, f"<{ALICE}>", rcpt_addr=BOB) == CONTINUE
    # Sendmail's macros say what becomes of the recipient, and are no reading of it.
    with connected(milter, OUTSIDE, "8.18.1") as mta:
        begin(mta, "<>", mail_addr=BOB)
        to_alice = reply(mta, constants.SMFIC_RCPT, f"<{ALICE}>", rcpt_addr=BOB)
        assert to_alice == refused("the address has no tag")


def test_senders_in_utf_8_and_in_other_octets(milter: Path) -> None:
    with connected(milter, INSIDE, "Postfix 3.7.11") as mta:
        begin(mta, "<jürgen@example.test>", mail_addr="jürgen@example.test")
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        [(action, change), end] = mta.send_eom()
        assert (action, end) == (constants.SMFIR_CHGFROM, CONTINUE)
        assert re.fullmatch(r"<prvs=0\d{3}[0-9a-f]{6}=jürgen@example.test>", change["from"])

        # pymilter cannot say these: they leave as they are, and are not kept back.
        latin_1 = "j\udcfcrgen@example.test"
        mta.send_macro(constants.SMFIC_MAIL, **{"{auth_type}": "PLAIN"})
        begin(mta, f"<{latin_1}>")
        assert reply(mta, constants.SMFIC_RCPT, f"<{BOB}>") == CONTINUE
        assert mta.send_eom() == [CONTINUE]
        begin(mta, f"<{BOB}>")
        tagged = f"<prvs=0123456789={latin_1}>"
        assert reply(mta, constants.SMFIC_RCPT, tagged) == CONTINUE
        assert mta.send_eom()[-1] == CONTINUE


def test_macros_of_other_octets_are_no_reading(milter: Path) -> None:
    with connected(milter, OUTSIDE, "Postfix 3.7.11") as mta:
        macro = b"{mail_addr}\0j\xfcrgen@example.test\0"
        packet = b"DM" + macro
        mta.sock.sendall(struct.pack("!I", len(packet)) + packet)
        begin(mta, "<>")
        packet = b"DR{rcpt_addr}\0j\xfcrgen@example.test\0"
        mta.sock.sendall(struct.pack("!I", len(packet)) + packet)
        to_jurgen = reply(mta, constants.SMFIC_RCPT, "<j\udcfcrgen@example.test>")
        assert to_jurgen == refused("the address has no tag")
