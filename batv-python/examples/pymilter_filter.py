#!/usr/bin/env python3
"""A milter for Postfix and Sendmail that signs senders and refuses forged bounces.

    pymilter_filter.py --config /etc/batv/batv.toml --socket unix:/run/batv/milter.sock

Mail from authenticated clients, and from those in `internal-networks`, is signed, and its
recipients are never refused. List 127.0.0.1 there for mail from the server itself. The sender is
changed at the end of the message, so the tag is in the queue file and stays the same for all
delivery attempts.
"""

import argparse
import logging
import re
import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

import batv
import Milter

log = logging.getLogger("batv-milter")


def is_text(*addresses: str) -> bool:
    """Whether addresses can be passed to the mail server: pymilter only accepts UTF-8."""
    return not any("\udc80" <= letter <= "\udcff" for text in addresses for letter in text)


def unquoted(address: str) -> str:
    """Return an address without the characters that quote."""
    return re.sub(r'[\\"]', "", address)


def in_brackets(address: str) -> str:
    """Return an address in angle brackets."""
    return address if address.startswith("<") else f"<{address}>"


class Accepted(NamedTuple):
    """A recipient that was accepted."""

    rcpt_to: str
    resolved: str | None
    decision: batv.InboundDecision[str]

    def kept(self) -> str:
        """Return what Postfix has kept of a text such as `<User <"user"@example.com>>`."""
        given, resolved = self.rcpt_to, self.resolved or self.rcpt_to
        for text, part in [(given, resolved), (unquoted(given), unquoted(resolved))]:
            if part and (found := re.search(re.escape(part), text, re.IGNORECASE)):
                return in_brackets(found.group())
        return in_brackets(given)


class BatvMilter(Milter.Base):  # type: ignore[misc]
    """The events of one connection."""

    config: batv.Config

    def __init__(self) -> None:
        self.client: IPv4Address | IPv6Address | None = None
        self.is_local = self.is_postfix = False
        self.mail_from = ""
        self.mail_from_resolved: str | None = None
        self.received = 0.0
        self.accepted: list[Accepted] = []

    def macro(self, name: str) -> str | None:
        """Return the value of a macro, if the mail server has set it."""
        try:
            value: str | None = self.getsymval(name)
        except UnicodeDecodeError:
            return None
        return value

    def connect(self, _hostname: str, family: int, address: tuple[str, int] | str | None) -> int:
        """Remember the address of the client, or that it is on this machine."""
        self.is_local = family == socket.AF_UNIX
        try:
            self.client = ip_address(address[0]) if isinstance(address, tuple) else None
        except ValueError:
            self.client = None
        # Sendmail says its version, Postfix its name before that, which main.cf can change.
        self.is_postfix = not (self.macro("v") or "0")[0].isdigit()
        return int(Milter.CONTINUE)

    def resolved(self, name: str) -> str | None:
        """Return an address as Postfix reads it. Sendmail's macro is something else."""
        return self.macro(name) if self.is_postfix else None

    @property
    def trusted(self) -> bool:
        """Whether the client is on this machine or has authenticated."""
        return self.is_local or self.macro("{auth_type}") is not None

    def envfrom(self, mail_from: str, *_parameters: str) -> int:
        """Start a message. Its time is the time of arrival, whenever it is delivered."""
        self.mail_from, self.received = mail_from, time.time()
        self.mail_from_resolved = self.resolved("{mail_addr}")
        self.accepted = []
        try:
            self.config.refresh()
        except batv.ConfigError as error:
            log.error("%s; the old configuration stays", error)
        return int(Milter.CONTINUE)

    def envrcpt(self, rcpt_to: str, *_parameters: str) -> int:
        """Decide on each recipient by itself."""
        resolved = self.resolved("{rcpt_addr}")
        decision = self.config.inbound(
            self.mail_from,
            rcpt_to,
            at=self.received,
            mail_from_resolved=self.mail_from_resolved,
            rcpt_resolved=resolved,
            client=self.client,
            trusted=self.trusted,
            recipients_before=len(self.accepted),
        )
        if decision.reply:
            log.info(decision.log_line(self.macro("i")))
            self.setreply(*decision.reply.split(" ", 2))
            return int(Milter.REJECT)
        self.accepted.append(Accepted(rcpt_to, resolved, decision))
        return int(Milter.CONTINUE)

    def eom(self) -> int:
        """Change sender and recipients, which the milter protocol only allows here."""
        queue = self.macro("i")
        for accepted in self.accepted:
            log.info(accepted.decision.log_line(queue))
        self.deliver_to_originals()
        # A client without an address is a stranger, unless it is trusted.
        if self.client or self.trusted:
            decision = self.config.outbound(
                self.mail_from,
                [accepted.resolved or accepted.rcpt_to for accepted in self.accepted],
                at=self.received,
                mail_from_resolved=self.mail_from_resolved,
                client=self.client,
                trusted=self.trusted,
            )
            log.info(decision.log_line(queue))
            if decision.action is batv.Action.SIGN:
                self.sign(decision.mail_from)
        return int(Milter.CONTINUE)

    def deliver_to_originals(self) -> None:
        """Replace tagged recipients, so that nobody gets the message twice."""
        tagged = [accepted for accepted in self.accepted if accepted.decision.original is not None]
        others = [accepted.rcpt_to for accepted in self.accepted if accepted not in tagged]
        recipients = {in_brackets(rcpt_to).lower() for rcpt_to in others}
        for accepted in tagged:
            original = in_brackets(accepted.decision.original or "")
            if not is_text(accepted.rcpt_to, original):
                continue
            for rcpt_to in {accepted.rcpt_to, accepted.kept()}:
                self.delrcpt(rcpt_to)
            if original.lower() not in recipients:
                self.addrcpt(original)
                recipients.add(original.lower())

    def sign(self, mail_from: str) -> None:
        """Change the sender."""
        if is_text(mail_from):
            self.chgfrom(mail_from)
        else:
            log.error("sender is not UTF-8 and is not signed: %a", mail_from)


def main() -> None:
    """Run the milter until it is told to stop."""
    parser = argparse.ArgumentParser(
        description="BATV milter: signs mail that leaves, refuses forged bounces"
    )
    parser.add_argument("--config", required=True, help="the configuration file, batv.toml")
    parser.add_argument("--socket", required=True, help="unix:PATH or inet:PORT@HOST")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.captureWarnings(True)
    BatvMilter.config = batv.Config.open(options.config)
    Milter.factory = BatvMilter
    Milter.set_flags(Milter.CHGFROM | Milter.ADDRCPT | Milter.DELRCPT)
    Milter.runmilter("batv", options.socket, 60)


if __name__ == "__main__":
    main()
