#!/usr/bin/env python3
"""A milter for Postfix and Sendmail that signs senders and refuses what is no genuine bounce.

    pymilter_filter.py --config /etc/batv/batv.toml --socket unix:/run/batv/milter.sock

Mail of authenticated and of internal clients is signed, and its senders are never refused. The
sender is changed at the end of the message, so its tag is in the queue file and stays the same
over all delivery attempts.
"""

import argparse
import logging
import time
from ipaddress import ip_address, ip_network

import batv
import Milter

log = logging.getLogger("batv-milter")


class BatvMilter(Milter.Base):  # type: ignore[misc]
    """The events of one connection."""

    config: batv.Config
    internal = (ip_network("127.0.0.0/8"), ip_network("::1"))

    def __init__(self) -> None:
        self.client: str | None = None
        self.is_internal = False
        self.sender = ""
        self.received = 0.0
        self.recipients: list[str] = []
        self.originals: dict[str, str] = {}

    def connect(self, _hostname: str, _family: int, address: tuple[str, int] | str | None) -> int:
        """Note the client; mail that is made on the server itself has none."""
        self.client = address[0] if isinstance(address, tuple) else None
        self.is_internal = self.client is None or any(
            ip_address(self.client) in network for network in self.internal
        )
        return int(Milter.CONTINUE)

    def envfrom(self, sender: str, *_parameters: str) -> int:
        """Begin a message. Its time is that of its arrival, whenever it is delivered."""
        self.sender, self.received = sender, time.time()
        self.recipients, self.originals = [], {}
        try:
            self.config.refresh()
        except batv.ConfigError as error:
            log.error("%s; the old configuration stays", error)
        return int(Milter.CONTINUE)

    @property
    def trusted(self) -> bool:
        """Whether the client is internal or has authenticated."""
        return self.is_internal or self.getsymval("{auth_type}") is not None

    def envrcpt(self, recipient: str, *_parameters: str) -> int:
        """Judge each recipient by itself."""
        decision = self.config.inbound(
            self.sender,
            recipient,
            at=self.received,
            client=self.client,
            trusted=self.trusted,
            recipients_before=len(self.recipients),
        )
        log.info("inbound from=%s to=%s reason=%s", self.sender, recipient, decision.reason)
        if decision.reply:
            self.setreply(*decision.reply.split(" ", 2))
            return int(Milter.REJECT)
        self.recipients.append(recipient)
        if decision.recipient != recipient:
            self.originals[recipient] = decision.recipient
        return int(Milter.CONTINUE)

    def eom(self) -> int:
        """Change sender and recipients: the milter protocol allows it only here."""
        for recipient, original in self.originals.items():
            self.delrcpt(recipient)
            self.addrcpt(original)
        if self.trusted:
            decision = self.config.outbound(self.sender, self.recipients, at=self.received)
            log.info("outbound from=%s reason=%s", self.sender, decision.reason)
            if decision.sender != self.sender:
                self.chgfrom(decision.sender)
        return int(Milter.CONTINUE)


def main() -> None:
    """Run the milter until it is told to stop."""
    parser = argparse.ArgumentParser(description="BATV milter: signs what leaves, judges bounces")
    parser.add_argument("--config", required=True, help="the configuration file, batv.toml")
    parser.add_argument("--socket", required=True, help="unix:PATH or inet:PORT@HOST")
    parser.add_argument(
        "--internal",
        action="append",
        type=ip_network,
        metavar="NETWORK",
        help="clients that send mail of ours [127.0.0.0/8 and ::1]",
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    BatvMilter.config = batv.Config.load(options.config)
    BatvMilter.internal = tuple(options.internal or BatvMilter.internal)
    Milter.factory = BatvMilter
    Milter.set_flags(Milter.CHGFROM | Milter.ADDRCPT | Milter.DELRCPT)
    Milter.runmilter("batv", options.socket, 60)


if __name__ == "__main__":
    main()
