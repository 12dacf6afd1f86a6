"""Real Exim with the configuration of docs/exim.md, between servers that keep what it delivers."""

import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from configuration import documented
from mail import DEADLINE, LIBRARY, Daemon, MailServer, clock, wait_until

EXIM = shutil.which("exim4")
MAILBOXES = ["alice", "bob", "mixed.case", '"john doe"', "postmaster", "abuse"]


class Exim(MailServer):
    """A daemon of its own: folder, spool, port, clock and configuration.

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

    def write_keys(self, text, mode=0o640, group="Debian-exim"):
        """Puts a configuration file in place as an administrator does: readable by Exim alone."""
        new = self.key_file.with_suffix(".new")
        new.write_text(text)
        shutil.chown(new, "root", group)
        new.chmod(mode)
        new.rename(self.key_file)

    def _begin(self, exits):
        for name in ["spool", "log"]:
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, "Debian-exim", "Debian-exim")
        (self.folder / "mailboxes").write_text("".join(f"{mailbox}:\n" for mailbox in MAILBOXES))
        self._write_config()
        self._start()
        exits.callback(self._daemon.stop)
        wait_until(self._has_started, "daemon")

    def _write_config(self):
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
        # Exim gives up root's rights where its configuration is neither the system's nor listed in a file of
        # the system's, and delivers as Debian-exim.
        preamble = f"""
            exim_path = {EXIM}
            deliver_drop_privilege = true
            spool_directory = {self.folder}/spool
            log_file_path = {self.folder}/log/%slog
            pid_file_path = {self.folder}/exim.pid
            local_interfaces = 127.0.0.1
            tls_advertise_hosts =
            smtp_accept_max = 300
            keep_environment = LD_PRELOAD : FAKETIME
        """
        self.config.write_text(re.sub(r"^\s+", "", preamble, flags=re.MULTILINE) + self._change(config))

    def _command(self, date, *arguments):
        """A command of Exim's, with the clock set.

        Exim's own processes would leave the clock behind as often as they run it anew, since it is setuid.
        """
        settings = [f"{name}={value}" for name, value in clock(date).items()] if date else ["TZ=UTC"]
        return ["setpriv", "--no-new-privs", "env", *settings, EXIM, "-C", self.config, *arguments]

    def _start(self):
        # Exim gets the listening socket. A port that is chosen first and bound later may be another's by then.
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            self.port = listener.getsockname()[1]
            # What it writes to standard error is in the panic log too.
            self._daemon = Daemon(self._command(self.date, "-bw"), stdin=listener)

    def _has_started(self):
        if self._daemon.has_ended():
            raise RuntimeError(f"Exim ended: {self.log('panic')}")
        return "daemon started" in self.log("main")

    @property
    def pid(self):
        """The process that waits for connections."""
        return self._daemon.pid

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
        """Waits for so many lines. Exim writes about a refusal after its reply, about a message's end at last."""
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
