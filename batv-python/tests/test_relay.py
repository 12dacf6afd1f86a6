"""The aiosmtpd example between real SMTP clients and a server, on 127.0.0.1."""

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import batv
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from conftest import SITE

EXAMPLE = Path(__file__).parents[1] / "examples" / "aiosmtpd_relay.py"
DAY = 86_400
ALICE = "alice@example.test"
BOB = "bob@example.org"
REFUSAL = (550, b"5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)")


class NextHop:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.envelopes: list[tuple[str | None, list[str], bytes | None]] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if address == "nobody@example.org":
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def connected(port: int) -> Iterator[smtplib.SMTP]:
    """Connect as soon as the server is up; half a minute is for a slow machine."""
    end = time.monotonic() + 30
    while True:
        try:
            client = smtplib.SMTP("127.0.0.1", port, timeout=30)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
    with client:
        client.ehlo("client.example")
        yield client


class Site:
    """The relay as a process, and the server behind it."""

    def __init__(self, config: Path) -> None:
        self.config = batv.Config.load(config)
        self.next_hop = NextHop()
        self.submission, self.mx, self.log = free_port(), free_port(), ""
        next_hop_port = free_port()
        self.controller = Controller(self.next_hop, hostname="127.0.0.1", port=next_hop_port)
        self.controller.start()
        command = [sys.executable, "-W", "error", str(EXAMPLE), "--config", str(config)]
        for name, port in (
            ("--next-hop", next_hop_port),
            ("--submission", self.submission),
            ("--mx", self.mx),
        ):
            command += [name, f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603

    def stop(self) -> str:
        """Stop the relay and return its log."""
        self.process.terminate()
        _, log = self.process.communicate(timeout=30)
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

    with connected(relay.mx) as client:
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
    assert f"outbound from={ALICE} reason=signed\n" in log
    assert f"inbound from=<> to={ALICE} reason=missing\n" in log
    assert f"inbound from=<> to={signed} reason=pass\n" in log


def test_what_is_not_to_be_signed_leaves_as_it_is(relay: Site) -> None:
    with connected(relay.submission) as client:
        client.sendmail("", [BOB], b"Subject: bounce\r\n\r\n")
        client.sendmail(ALICE, ["list@lists.example.org"], b"Subject: post\r\n\r\n")
        client.sendmail(ALICE, ["carol@example.test"], b"Subject: local\r\n\r\n")
        assert client.docmd(f"MAIL FROM:<{ALICE}>")[0] == 250
        assert client.docmd(f"RCPT TO:<{BOB}>")[0] == 250
        assert client.docmd(f"RCPT TO:<{BOB}>") == (452, b"4.5.3 One recipient at a time")
    assert [envelope[0] for envelope in relay.next_hop.envelopes] == ["<>", ALICE, ALICE]


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
    with connected(relay.mx) as client:
        assert client.docmd("MAIL FROM:<>")[0] == 250
        assert client.docmd(f"RCPT TO:<{ALICE}>") == REFUSAL
        write("nonsense")
        assert client.docmd(f"RCPT TO:<{ALICE}>") == REFUSAL
        write(f"{SITE}monitor = true\n")
        assert client.docmd(f"RCPT TO:<{ALICE}>")[0] == 250
    assert "the old configuration stays" in relay.stop()
