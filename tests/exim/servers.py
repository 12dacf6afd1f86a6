"""Real Exim with the configuration of docs/exim.md, and the servers that it delivers to."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import smtplib
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
LIBRARY = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/libbatv.so"
EXIM = shutil.which("exim4")
# Exim keeps root's rights only with configurations that are listed here.
TRUSTED = Path("/etc/exim4/trusted_configs")
DEADLINE = 30
# An address of this machine that is not among relay_from_hosts.
OUTSIDE = "127.0.0.2"

# Whoever is told to end ends its daemons first.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def documented(name):
    """The block of docs/exim.md that is marked with the name."""
    mark = f"<!-- the tests load this block: {name} -->\n```exim\n"
    return (ROOT / "docs/exim.md").read_text().split(mark)[1].split("```")[0]


def unix_time(date):
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())


def wait_until(condition, what):
    """Asks again and again until the condition holds; an answer is what makes it true."""
    deadline = time.monotonic() + DEADLINE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} in {DEADLINE} s")
        threading.Event().wait(0.01)
    return answer


class Envelope(NamedTuple):
    mail_from: str
    rcpt_to: tuple


class Sink:
    """An SMTP and LMTP server that keeps the envelopes of what it accepts."""

    def __init__(self, address):
        self.envelopes = []
        self.temporary_failures = 0
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
                if self.temporary_failures:
                    self.temporary_failures -= 1
                    reply("451 later")
                    continue
                rcpt_to.append(path(line))
                reply("250 ok")
            elif command == b"DATA":
                if not rcpt_to:
                    reply("503 no recipients")
                    continue
                reply("354 go on")
                for text in rfile:
                    if text == b".\r\n":
                        break
                with self._changed:
                    self.envelopes.append(Envelope(mail_from, tuple(rcpt_to)))
                    self._changed.notify_all()
                for _ in rcpt_to if lmtp else [0]:
                    reply("250 ok")
            else:
                lmtp = command == b"LHLO"
                reply("250 sink")


@contextlib.contextmanager
def trusted(config):
    """Exim trusts the configuration file meanwhile."""

    def edit(change):
        TRUSTED.parent.mkdir(exist_ok=True)
        with TRUSTED.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            lines = change(file.read().splitlines())
            file.truncate(0)
            file.writelines(f"{line}\n" for line in lines)

    edit(lambda lines: [*lines, str(config)])
    try:
        yield
    finally:
        edit(lambda lines: [line for line in lines if line != str(config)])


class Exim:
    """A daemon of its own: folder, spool, ports, clock and configuration.

    `keys` is the text for BATV_KEYS, or the content of a batv.toml. Without a date the clock is the
    machine's. `change` gets the configuration and returns another.
    """

    def __init__(self, keys, date="2026-11-22T12:00:00", library=LIBRARY, change=lambda config: config):
        self.date, self._library, self._change = date, library, change
        self.folder = Path(tempfile.mkdtemp(prefix="batv-exim-"))
        self.config = self.folder / "exim.conf"
        self.key_file = self.folder / "batv.toml"
        if "\n" in keys:
            self.write_keys(keys)
            keys = str(self.key_file)
        self.keys = keys
        self._exits = contextlib.ExitStack()

    def write_keys(self, text, mode=0o640):
        """Puts a configuration file in place as an administrator does: readable by Exim alone."""
        new = self.key_file.with_suffix(".new")
        new.write_text(text)
        shutil.chown(new, "root", "Debian-exim")
        new.chmod(mode)
        new.rename(self.key_file)

    def __enter__(self):
        with contextlib.ExitStack() as exits:
            exits.callback(shutil.rmtree, self.folder)
            self.folder.chmod(0o755)
            for name in ["spool", "log"]:
                (self.folder / name).mkdir()
                shutil.chown(self.folder / name, "Debian-exim", "Debian-exim")
            # 127.0.0.3 is no address of Exim's own, as it is told by local_interfaces.
            self.world = Sink(("127.0.0.3", 0))
            exits.callback(self.world.close)
            self.mailboxes = Sink(str(self.folder / "lmtp"))
            exits.callback(self.mailboxes.close)
            (self.folder / "lmtp").chmod(0o666)
            (self.folder / "mailboxes").write_text('alice:\nbob:\nmixed.case:\n"john doe":\n')
            self._write_config()
            exits.enter_context(trusted(self.config))
            exits.callback(self.stop)
            self.start()
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *_):
        self._exits.close()

    def _write_config(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        host, port = self.world.address
        config = documented("configuration")
        for macro, value in {
            "BATV_LIBRARY": self._library,
            "BATV_KEYS": self.keys,
            "MAILBOXES": self.folder / "mailboxes",
            "SMARTHOST": f"{host}::{port}",
            "LMTP_SOCKET": self.folder / "lmtp",
        }.items():
            config, count = re.subn(rf"^{macro} = .*$", f"{macro} = {value}", config, flags=re.MULTILINE)
            assert count == 1, macro
        config = re.sub(r"example\.com", "example.test", config)
        preamble = f"""
            exim_path = {EXIM}
            spool_directory = {self.folder}/spool
            log_file_path = {self.folder}/log/%slog
            pid_file_path = {self.folder}/exim.pid
            local_interfaces = 127.0.0.1
            daemon_smtp_ports = {self.port}
            tls_advertise_hosts =
            smtp_accept_max = 300
            smtp_connect_backlog = 300
            keep_environment = ^FAKETIME
        """
        self.config.write_text(re.sub(r"^\s+", "", preamble, flags=re.MULTILINE) + self._change(config))

    def _command(self, date, *arguments):
        """A command of Exim's, with the clock set."""
        settings = ["TZ=UTC"]
        if date:
            [faketime] = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
            settings += [f"LD_PRELOAD={faketime}", f"FAKETIME=@{date.replace('T', ' ')}"]
        return ["env", *settings, EXIM, "-C", self.config, *arguments]

    def start(self):
        command = self._command(self.date, "-bdf")
        # What it writes to standard error is in the panic log too.
        nothing = subprocess.DEVNULL
        self._daemon = subprocess.Popen(command, start_new_session=True, stdin=nothing, stderr=nothing)

        def listens():
            if self._daemon.poll() is not None:
                raise RuntimeError(f"Exim ended: {self.log('panic')}")
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port), DEADLINE).close()
                return True

        wait_until(listens, "daemon")

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._daemon.pid, 15)
        try:
            self._daemon.wait(DEADLINE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._daemon.pid, 9)

    def run(self, *arguments, date=None):
        """What Exim prints, called as root with these arguments."""
        command = self._command(date or self.date, *arguments)
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False).stdout

    def expand(self, text, date=None):
        return self.run("-be", text, date=date).removesuffix("\n")

    def log(self, name):
        path = self.folder / "log" / f"{name}log"
        return path.read_text() if path.exists() else ""

    def wait_for_log(self, pattern, count=1):
        wait_until(lambda: len(re.findall(pattern, self.log("main"))) >= count, f"{pattern} in the log")

    def queued(self):
        """The number of messages in the queue."""
        return int(self.run("-bpc"))

    def deliver(self, date=None):
        """Empties the queue. A message that another process still holds is left for the next round."""

        def is_empty():
            self.run("-qff", date=date)
            return self.queued() == 0

        wait_until(is_empty, "delivery")

    @contextlib.contextmanager
    def client(self, source=OUTSIDE):
        """A connection from outside."""
        client = smtplib.SMTP("127.0.0.1", self.port, "client.example.net", DEADLINE, (source, 0))
        try:
            yield client
            # Exim holds back its reply to this for 200 ms.
            client.send("QUIT\r\n")
        finally:
            client.close()

    def submit(self, sender, *recipients, **options):
        """A user of ours sends a message."""
        with self.client("127.0.0.1") as client:
            replies = transaction(client, sender, *recipients, **options)
        assert replies[-1].startswith("250 OK"), replies

    def send(self, sender, recipient, **options):
        """A message from outside: the reply to RCPT, or to DATA when that was accepted."""
        with self.client() as client:
            return transaction(client, sender, recipient, **options)[-1]


def transaction(client, sender, *recipients, message="Subject: test\n\ntest\n", show=lambda line: None):
    """The replies to each RCPT, and to DATA if a recipient was accepted.

    `show` is called with each command and each line of a reply.
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
    assert ask("MAIL", f"FROM:<{sender}>").startswith("250")
    replies = [ask("RCPT", f"TO:<{recipient}>") for recipient in recipients]
    if any(reply.startswith("250") for reply in replies):
        assert ask("DATA").startswith("354")
        client.send(smtplib.quotedata(message) + ".\r\n")
        replies.append(reply(*client.getreply()))
    return replies
