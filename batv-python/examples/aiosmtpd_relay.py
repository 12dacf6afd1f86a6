#!/usr/bin/env python3
"""An SMTP relay that signs the senders of mail that leaves, and refuses forged bounces.

    aiosmtpd_relay.py --config /etc/batv/batv.toml --next-hop 127.0.0.1:10026 \
        --submission 127.0.0.1:10587 --mx 127.0.0.1:10025

Mail that comes to the submission port from a client in `internal-networks` is signed. Bounces that
come to the MX port are accepted or refused at RCPT. Both ports pass each message on to the next hop
while the client waits, and give the client the reply of the next hop, so there is no queue here.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
import smtplib
import time
from collections.abc import Callable

import batv
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

log = logging.getLogger("batv-relay")


class Relay:
    """What both ports have in common."""

    def __init__(
        self,
        config: batv.Config,
        next_hop: tuple[str, int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.next_hop = next_hop
        self.clock = clock

    def refresh(self) -> None:
        """Load the configuration again if its file has changed."""
        try:
            self.config.refresh()
        except batv.ConfigError as error:
            log.error("%s; the old configuration stays", error)

    def client(self, session: Session) -> str | None:
        """Return the address of the client."""
        return session.peer[0] if isinstance(session.peer, tuple) else None

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Start a message, unless its sender cannot be passed on to the next hop."""
        if fault := unspeakable(address, envelope):
            return fault
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        """Accept one recipient for each message, so that the reply of the next hop is about it."""
        if fault := unspeakable(address, envelope):
            return fault
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        return self.recipient(session, envelope, address)

    def recipient(self, _session: Session, envelope: Envelope, address: str) -> str:
        """Add a recipient; return the reply for the client."""
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    def sender(self, _session: Session, envelope: Envelope) -> str:
        """Return the sender to pass on."""
        return envelope.mail_from or ""

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        """Pass the message on."""
        return await asyncio.to_thread(self.send, self.sender(session, envelope), envelope)

    def send(self, sender: str, envelope: Envelope) -> str:
        """Send a message to the next hop; return the reply for our client."""
        [recipient], content = envelope.rcpt_tos, envelope.original_content or b""
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.smtp_utf8 else []
        try:
            with smtplib.SMTP(*self.next_hop) as client:
                client.sendmail(sender, recipient, content, options)
        except smtplib.SMTPNotSupportedError:
            return "550 5.6.7 The next hop does not accept such addresses"
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = refused.recipients[recipient]
            return f"{code} {text.decode(errors='replace')}"
        except smtplib.SMTPResponseException as refused:
            answer = refused.smtp_error
            answer = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
            return f"{refused.smtp_code} {answer}"
        except OSError as error:
            log.error("next hop: %s", error)
            return "451 4.4.1 The next hop does not answer"
        return "250 2.0.0 Passed on"


def unspeakable(address: str, envelope: Envelope) -> str | None:
    """Return the reply to an address that cannot be sent to any server (RFC 6531), else None."""
    if address.isascii():
        return None
    if not envelope.smtp_utf8:
        return "553 5.6.7 Such an address needs SMTPUTF8"
    try:
        address.encode()
    except UnicodeEncodeError:
        return "553 5.6.7 The address is not UTF-8"
    return None


class Submission(Relay):
    """The port for mail that leaves."""

    def sender(self, session: Session, envelope: Envelope) -> str:
        """Return the signed sender, or the sender itself if it is not to be signed."""
        self.refresh()
        decision = self.config.outbound(
            envelope.mail_from or "",
            envelope.rcpt_tos,
            at=self.clock(),
            client=self.client(session),
            trusted=bool(session.authenticated),
        )
        log.info(decision.log_line())
        return decision.mail_from


class Mx(Relay):
    """The port for mail that comes in."""

    def recipient(self, session: Session, envelope: Envelope, address: str) -> str:
        """Refuse forged bounces; accept the rest for the original address."""
        self.refresh()
        decision = self.config.inbound(
            envelope.mail_from or "", address, at=self.clock(), client=self.client(session)
        )
        log.info(decision.log_line())
        if decision.reply:
            return decision.reply
        envelope.rcpt_tos.append(decision.original or address)
        return "250 2.1.5 OK"


def endpoint(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    host, _, port = text.rpartition(":")
    return host, int(port)


def main() -> None:
    """Run the relay until it is interrupted."""
    parser = argparse.ArgumentParser(
        description="BATV relay: signs mail that leaves, refuses forged bounces"
    )
    parser.add_argument("--config", required=True, help="the configuration file, batv.toml")
    for name in ("--next-hop", "--submission", "--mx"):
        parser.add_argument(name, required=True, type=endpoint, metavar="HOST:PORT")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.captureWarnings(True)
    config = batv.Config.open(options.config)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with contextlib.ExitStack() as ports:
        for handler, address in ((Submission, options.submission), (Mx, options.mx)):
            host, port = address
            controller = Controller(handler(config, options.next_hop), hostname=host, port=port)
            controller.start()
            ports.callback(controller.stop)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
