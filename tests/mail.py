"""What tests of any mail server need: clients, the servers that it delivers to, a clock, and patience.

Nothing here depends on how fast the machine is. A wait ends with the event that it is for; the deadline is
for what never comes.
"""

import contextlib
import email
import math
import os
import re
import shutil
import signal
import smtplib
import socket
import socketserver
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LIBRARY = (TARGET / "library/linked/libbatv.so").resolve()
DEADLINE = int(os.environ.get("BATV_TEST_DEADLINE", 120))
# An address of this machine that the server under test takes for a stranger's; 127.0.0.1 may relay.
OUTSIDE = "127.0.0.2"

# Whoever is told to end ends its daemons first.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def documented(name, document):
    """The block of a document that is marked with the name."""
    block = rf"^( *)<!-- the tests load this block: {re.escape(name)} -->\n *```\w*\n(.*?)^ *```$"
    [(indentation, text)] = re.findall(block, (ROOT / "docs" / document).read_text(), re.DOTALL | re.MULTILINE)
    return re.sub(f"^{indentation}", "", text, flags=re.MULTILINE)


def unix_time(date):
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())


def clock(date, root="/"):
    """The environment in which it is this date, and time goes on from there, for a program below `root`."""
    [faketime] = Path(root, "usr/lib").glob("*/faketime/libfaketime.so.1")
    preload = f"/{faketime.relative_to(root)}"
    offset = f"{math.ceil(unix_time(date) - time.time()):+}"
    # How long something takes is the machine's business.
    return {"TZ": "UTC", "LD_PRELOAD": preload, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def wait_until(condition, what):
    """Asks again and again until the condition holds; an answer is what makes it true."""
    deadline = time.monotonic() + DEADLINE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} in {DEADLINE} s")
        threading.Event().wait(0.01)
    return answer


class Daemon:
    """A program that runs until it is stopped, with all that it has started."""

    def __init__(self, command, **options):
        options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
        self._process = subprocess.Popen(command, start_new_session=True, **options)
        self.pid = self._process.pid

    def has_ended(self):
        return self._process.poll() is not None

    def wait_until_it_listens(self, ports, name, log):
        """Until it listens on these ports of 127.0.0.1. `log` returns what it said, for the case that it ends."""

        def listens():
            if self.has_ended():
                raise RuntimeError(f"{name} ended: {log()}")
            with contextlib.suppress(ConnectionRefusedError):
                for port in ports:
                    socket.create_connection(("127.0.0.1", port), DEADLINE).close()
                return True

        wait_until(listens, name)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        try:
            self._process.wait(DEADLINE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


class Envelope(NamedTuple):
    mail_from: str
    rcpt_to: tuple


class Sink:
    """An SMTP and LMTP server that keeps what it accepts, envelopes and messages, and all that it is asked."""

    def __init__(self, address):
        self.asked = []  # the sender and recipient of each RCPT, so callouts too
        self.envelopes = []
        self.messages = []
        self.temporary_failures = 0
        self.permanent_failures = 0
        self._changed = threading.Condition()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = DEADLINE

            def handle(self):
                with contextlib.suppress(OSError):
                    sink._session(self.rfile, self.wfile)

        family = socketserver.ThreadingUnixStreamServer
        if isinstance(address, tuple):
            family = socketserver.ThreadingTCPServer
        family = type("Server", (family,), {"daemon_threads": True, "request_queue_size": 512})
        self._server = family(address, Handler)
        self.address = self._server.server_address
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count):
        """The envelopes, once there are so many."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.envelopes) >= count, DEADLINE)
            if not enough:
                raise TimeoutError(f"{len(self.envelopes)} of {count} envelopes in {DEADLINE} s")
            return list(self.envelopes)

    def _session(self, rfile, wfile):
        def reply(text):
            wfile.write(text.encode() + b"\r\n")

        def path(line):
            return re.search(r":\s*<(.*)>", line.decode())[1]

        reply("220 sink")
        lmtp, mail_from, rcpt_to = False, None, []
        for line in rfile:
            command = line[:4].upper()
            if command == b"QUIT":
                reply("221 bye")
                return
            if command == b"MAIL":
                mail_from, rcpt_to = path(line), []
                reply("250 ok")
            elif command == b"RCPT":
                self.asked.append((mail_from, path(line)))
                if self.temporary_failures:
                    self.temporary_failures -= 1
                    reply("451 later")
                    continue
                if self.permanent_failures:
                    self.permanent_failures -= 1
                    reply("550 never")
                    continue
                rcpt_to.append(path(line))
                reply("250 ok")
            elif command == b"DATA":
                if not rcpt_to:
                    reply("503 no recipients")
                    continue
                reply("354 go on")
                message = b"".join(iter(rfile.readline, b".\r\n"))
                with self._changed:
                    self.messages.append(email.message_from_bytes(message))
                    self.envelopes.append(Envelope(mail_from, tuple(rcpt_to)))
                    self._changed.notify_all()
                for _ in rcpt_to if lmtp else [0]:
                    reply("250 ok")
            else:
                lmtp = command == b"LHLO"
                reply("250 sink")


class MailServer:
    """The server under test, in a folder of its own.

    Its clients see `port` of 127.0.0.1. It delivers to `world`, and locally to `mailboxes` by the socket `lmtp`.
    """

    port: int
    folder: Path

    def __enter__(self):
        with contextlib.ExitStack() as exits:
            exits.callback(wait_until, self._remove_folder, "end of what writes to the folder")
            self.folder.chmod(0o755)
            # 127.0.0.3 is no address of the server's own, as it is told.
            self.world = Sink(("127.0.0.3", 0))
            exits.callback(self.world.close)
            self.mailboxes = Sink(str(self.folder / "lmtp"))
            exits.callback(self.mailboxes.close)
            (self.folder / "lmtp").chmod(0o666)
            self._begin(exits)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_):
        self._exits.close()

    def _begin(self, exits):
        """Writes what the server reads, and starts it; `exits` gets what ends it."""
        raise NotImplementedError

    def _remove_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()

    @contextlib.contextmanager
    def client(self, source=OUTSIDE):
        """A connection from outside."""
        client = smtplib.SMTP("127.0.0.1", self.port, "client.example.net", DEADLINE, (source, 0))
        client.command_encoding = "utf-8"
        try:
            yield client
            # A server may hold back its reply to this: Exim does, for 200 ms.
            client.send("QUIT\r\n")
        finally:
            client.close()

    def submit(self, sender, *recipients, **options):
        """A user of ours sends a message."""
        with self.client("127.0.0.1") as client:
            replies = transaction(client, sender, *recipients, **options)
        assert replies[-1].startswith("250"), replies

    def send(self, sender, recipient, **options):
        """A message from outside: the reply to RCPT, or to DATA when that was accepted."""
        with self.client() as client:
            return transaction(client, sender, recipient, **options)[-1]


def transaction(client, sender, *recipients, parameters="", message="Subject: test\n\ntest\n", show=lambda line: None):
    """The replies to each RCPT, and to DATA if a recipient was accepted.

    `parameters` are those of MAIL. `show` is called with each command and each line of a reply.
    """

    def reply(code, text):
        *lines, last = text.decode().split("\n")
        for line in lines:
            show(f"< {code}-{line}")
        show(f"< {code} {last}")
        return f"{code} " + re.sub(r"\n(5\.7\.1 )?", " ", text.decode())

    def ask(command, argument=""):
        show(f"> {command} {argument}".rstrip())
        return reply(*client.docmd(command, argument))

    client.ehlo()
    assert ask("MAIL", f"FROM:<{sender}> {parameters}".rstrip()).startswith("250")
    replies = [ask("RCPT", f"TO:<{recipient}>") for recipient in recipients]
    if any(reply.startswith("250") for reply in replies):
        if not (begin := ask("DATA")).startswith("354"):
            return [*replies, begin]
        client.send(smtplib.quotedata(message) + ".\r\n")
        replies.append(reply(*client.getreply()))
    return replies
