"""The aiosmtpd example between real SMTP clients and a server, on this machine."""

import os
import random
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import batv
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from conftest import DEADLINE, SITE

EXAMPLE = Path(__file__).parents[1] / "examples" / "aiosmtpd_relay.py"
DAY = 86_400
ALICE = "alice@example.test"
BOB = "bob@example.org"
# What is not in the internal networks of the configuration.
STRANGER = "127.0.0.2"
REFUSAL = (550, b"5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)")


class NextHop:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.envelopes: list[tuple[str | None, list[str], bytes | None]] = []
        self.options: list[list[str]] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if address == "nobody@example.org":
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        self.options.append(envelope.mail_options)
        return "250 OK"


# An address of this process's own: nobody else takes a port there before the relay does.
HOST = ".".join(["127", *map(str, (0x010000 + os.getpid() % 0xFE0000).to_bytes(3))])


def free_port() -> int:
    """Return a free port that the system gives to nobody who does not ask for it."""
    while True:
        port = random.randrange(10_000, 30_000)  # noqa: S311
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextmanager
def connected(port: int, client_address: str = "127.0.0.1") -> Iterator[smtplib.SMTP]:
    """Connect as soon as the server is up."""
    end = time.monotonic() + DEADLINE
    source = (client_address, 0)
    while True:
        try:
            client = smtplib.SMTP(HOST, port, timeout=DEADLINE, source_address=source)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
    with client:
        client.ehlo("client.example")
        yield client


class Site:
    """The relay as a process, and the server behind it."""

    def __init__(self, config: Path, smtputf8: bool = True) -> None:
        self.config = batv.Config.open(config)
        self.next_hop = NextHop()
        self.submission, self.mx, self.log = free_port(), free_port(), ""
        next_hop_port = free_port()
        self.controller = Controller(
            self.next_hop, hostname=HOST, port=next_hop_port, enable_SMTPUTF8=smtputf8
        )
        self.controller.start()
        warnings = ["-W", "error", "-W", "default::UserWarning"]
        command = [sys.executable, *warnings, str(EXAMPLE), "--config", str(config)]
        for name, port in (
            ("--next-hop", next_hop_port),
            ("--submission", self.submission),
            ("--mx", self.mx),
        ):
            command += [name, f"{HOST}:{port}"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603

    def stop(self) -> str:
        """Stop the relay and return its log."""
        self.process.terminate()
        _, log = self.process.communicate(timeout=DEADLINE)
        return str(log)


@pytest.fixture
def relay(site: Path) -> Iterator[Site]:
    running = Site(site)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()
        if running.controller.loop.is_running():
            running.controller.stop()


def test_a_message_leaves_and_its_bounces_come_back(relay: Site) -> None:
    before = time.time()
    with connected(relay.submission) as client:
        client.sendmail(ALICE, [BOB], b"Subject: hello\r\n\r\nHello\r\n")
    [(signed, recipients, content)] = relay.next_hop.envelopes
    assert signed in {relay.config.sign(ALICE, before), relay.config.sign(ALICE, time.time())}
    assert signed is not None
    assert signed.startswith("prvs=0")
    assert recipients == [BOB]
    assert content == b"Subject: hello\r\n\r\nHello\r\n"

    with connected(relay.mx, STRANGER) as client:
        client.sendmail("", [signed], b"Subject: genuine\r\n\r\n")
        assert client.docmd("MAIL FROM:<>")[0] == 250
        assert client.docmd(f"RCPT TO:<{ALICE}>") == REFUSAL
        forged = f"prvs=0123abcdef={ALICE}"
        assert client.docmd(f"RCPT TO:<{forged}>") == (
            550,
            b"5.7.1 Not a bounce of mail sent from here (BATV: the tag is forged)",
        )
        client.rset()
        client.sendmail(BOB, [ALICE], b"Subject: no bounce\r\n\r\n")
    assert [envelope[:2] for envelope in relay.next_hop.envelopes[1:]] == [
        ("<>", [ALICE]),
        (BOB, [ALICE]),
    ]
    log = relay.stop()
    line = f"batv: dir=out action=sign reason=signed from=<{ALICE}> client=127.0.0.1 key=0\n"
    assert line in log
    refused = f"action=refuse reason=missing from=<> to=<{ALICE}> client={STRANGER}\n"
    assert f"batv: dir=in {refused}" in log
    genuine = f"action=original reason=pass from=<> to=<{signed}> client={STRANGER} key=0 left=7\n"
    assert f"batv: dir=in {genuine}" in log


def test_what_is_not_to_be_signed_leaves_as_it_is(relay: Site) -> None:
    with connected(relay.submission) as client:
        client.sendmail("", [BOB], b"Subject: bounce\r\n\r\n")
        client.sendmail(ALICE, ["list@lists.example.org"], b"Subject: post\r\n\r\n")
        client.sendmail(ALICE, ["carol@example.test"], b"Subject: local\r\n\r\n")
        assert client.docmd(f"MAIL FROM:<{ALICE}>")[0] == 250
        assert client.docmd(f"RCPT TO:<{BOB}>")[0] == 250
        assert client.docmd(f"RCPT TO:<{BOB}>") == (452, b"4.5.3 One recipient at a time")
    with connected(relay.submission, STRANGER) as client:
        client.sendmail(ALICE, [BOB], b"Subject: who are you?\r\n\r\n")
    senders = [envelope[0] for envelope in relay.next_hop.envelopes]
    assert senders == ["<>", ALICE, ALICE, ALICE]


def test_addresses_in_utf_8(relay: Site) -> None:
    jurgen, options = "jürgen@example.test", ["SMTPUTF8", "BODY=8BITMIME"]
    with connected(relay.submission) as client:
        client.sendmail(jurgen, ["bób@example.org"], b"Subject: \xc3\xbc\r\n\r\n", options)
        # Without SMTPUTF8, or not in UTF-8, nobody can be told such an address.
        client.command_encoding = "utf-8"
        assert client.docmd(f"MAIL FROM:<{jurgen}>")[0] == 553
        client.command_encoding = "latin-1"
        assert client.docmd(f"MAIL FROM:<{jurgen}> SMTPUTF8")[0] == 553
        assert client.docmd("MAIL FROM:<>")[0] == 250
        assert client.docmd("RCPT TO:<bób@example.org>")[0] == 553
    [(signed, recipients, _)] = relay.next_hop.envelopes
    assert relay.next_hop.options == [["SIZE=15", "SMTPUTF8", "BODY=8BITMIME"]]
    assert recipients == ["bób@example.org"]
    assert signed is not None
    assert relay.config.verify(signed).original == jurgen

    with connected(relay.mx, STRANGER) as client:
        client.sendmail("", [signed], b"Subject: genuine\r\n\r\n", options)
        assert client.docmd("MAIL FROM:<>", "SMTPUTF8")[0] == 250
        client.command_encoding = "utf-8"
        assert client.docmd(f"RCPT TO:<{jurgen}>") == REFUSAL
    assert relay.next_hop.envelopes[1][:2] == ("<>", [jurgen])


def test_a_next_hop_without_smtputf8(site: Path) -> None:
    relay = Site(site, smtputf8=False)
    try:
        with connected(relay.submission) as client, pytest.raises(smtplib.SMTPDataError) as caught:
            options = ["SMTPUTF8", "BODY=8BITMIME"]
            client.sendmail("jürgen@example.test", [BOB], b"Subject: \r\n\r\n", options)
    finally:
        relay.stop()
        relay.controller.stop()
    assert caught.value.smtp_code == 550
    assert caught.value.smtp_error == b"5.6.7 The next hop does not accept such addresses"


def test_refusals_of_the_next_hop_are_handed_on(relay: Site) -> None:
    with connected(relay.submission) as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail(ALICE, ["nobody@example.org"], b"Subject: lost\r\n\r\n")
    assert (caught.value.smtp_code, caught.value.smtp_error) == (550, b"5.1.1 No such user")
    relay.controller.stop(no_assert=True)
    with connected(relay.submission) as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail(ALICE, [BOB], b"Subject: later\r\n\r\n")
    assert (caught.value.smtp_code, caught.value.smtp_error) == (
        451,
        b"4.4.1 The next hop does not answer",
    )


def test_a_changed_configuration_counts_at_once(relay: Site, write: Callable[[str], Path]) -> None:
    with connected(relay.mx, STRANGER) as client:
        assert client.docmd("MAIL FROM:<>")[0] == 250
        assert client.docmd(f"RCPT TO:<{ALICE}>") == REFUSAL
        write("nonsense")
        assert client.docmd(f"RCPT TO:<{ALICE}>") == REFUSAL
        write(f"{SITE}monitor = true\n")
        assert client.docmd(f"RCPT TO:<{ALICE}>")[0] == 250
    log = relay.stop()
    assert "the old configuration stays" in log
    assert "BatvWarning" in log
    assert "policy.monitor: monitor mode is on, nothing is refused" in log
