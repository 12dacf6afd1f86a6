"""Real OpenSMTPD with the settings of docs/opensmtpd.md, batv-milter as its filter, and where it delivers to."""

import contextlib
import os
import shlex
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

from mail import DEADLINE, Daemon, MailServer, clock, documented, wait_until
from servers import MILTER, free_port

# The folder that OpenSMTPD is confined to.
ROOT = Path(os.environ["BATV_OPENSMTPD_ROOT"])
CONFINED = ["chroot", ROOT]
# What stands around the documented block, where {listen} is.
SETTINGS = """
pki mx.example.test cert "/etc/ssl/certs/ca-certificates.crt" key "{folder}/key"
table users file:{folder}/users
table aliases file:{folder}/aliases
table credentials file:{folder}/credentials
table blocked {{ "prvs=0786864c09=alice@example.test" }}
table allowed file:{folder}/senders
filter "block" phase rcpt-to match rcpt-to <blocked> reject "550 5.7.1 Blocked"
{listen}
bounce warn-interval 1d
queue ttl 1d
action "mailboxes" lmtp "{folder}/lmtp" rcpt-to virtual <users>
action "accounts" lmtp "{folder}/lmtp" alias <aliases>
action "world" relay host smtp://{world_host}:{world_port}
match from any for domain {{ "example.test", "example.org" }} action "mailboxes"
match from any for domain {{ "mx.example.test", "localhost" }} action "accounts"
match from any for domain "relay.test" action "world"
match from local for any action "world"
match from auth for any action "world"
match from src 127.0.0.1 for any action "world"
"""
USERS = """
alice@example.test alice
bob@example.test bob
john.doe@example.test alice
info@example.org alice
staff@example.test alice,bob
remote@example.test carol@example.net
"""


class OpenSMTPD(MailServer):
    """An OpenSMTPD of its own with batv-milter: a folder, a port, and the filter's clock.

    `config` is the content of batv.toml, `listener` further options of the listener, and `chain` its filters.
    """

    def __init__(self, config, listener="", chain='"batv"', date="2026-11-22T12:00:00"):
        self.folder = Path(tempfile.mkdtemp(prefix="batv-opensmtpd-"))
        self._config, self._listener, self._chain, self._date = config, listener, chain, date

    def _begin(self, exits):
        self._write_filter()
        self._write_config()
        exits.callback(self.stop)
        self.start()

    def write(self, config):
        """Puts a batv.toml in place as an administrator does."""
        new = self.folder / "batv.new"
        new.write_text(config)
        new.chmod(0o640)
        shutil.chown(new, "root", "batv")
        new.rename(self.folder / "batv.toml")

    def _write_filter(self):
        """The filter with a clock, where its user can read it."""
        self.write(self._config)
        shutil.copy(MILTER, self.folder / "program")
        environment = clock(self._date)
        shutil.copy(environment["LD_PRELOAD"], self.folder / "clock.so")
        environment["LD_PRELOAD"] = self.folder / "clock.so"
        script = self.folder / "batv-milter"
        exports = "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in environment.items())
        script.write_text(f'#!/bin/sh\n{exports}exec {self.folder}/program "$@" --config {self.folder}/batv.toml\n')
        script.chmod(0o755)

    def _write_config(self):
        self.port = free_port()
        host, port = self.world.address
        shutil.copy(ROOT.parent / "key", self.folder / "key")
        password = ["openssl", "passwd", "-6", "password"]
        hashed = subprocess.run(password, check=True, capture_output=True, text=True, timeout=DEADLINE).stdout
        (self.folder / "credentials").write_text(f"alice {hashed}")
        (self.folder / "senders").write_text("alice alice@example.test,@example.org\n")
        (self.folder / "users").write_text(USERS)
        (self.folder / "aliases").write_text("postmaster: alice\n")
        listen = documented("smtpd.conf", "opensmtpd.md").replace("/usr/local/sbin", str(self.folder))
        here = f"listen on 127.0.0.1 port {self.port} tls pki mx.example.test auth-optional <credentials> "
        here += f"hostname mx.example.test {self._listener} filter {self._chain}"
        listen = listen.replace('listen on 0.0.0.0 filter "batv"', here)
        text = SETTINGS.format(folder=self.folder, listen=listen, world_host=host, world_port=port)
        (self.folder / "smtpd.conf").write_text(text)

    def start(self):
        command = [*CONFINED, "/usr/sbin/smtpd", "-d", "-f", self.folder / "smtpd.conf"]
        with self.log_file.open("ab") as log:
            self._daemon = Daemon(command, stdout=log, stderr=log)

        self._daemon.wait_until_it_listens([self.port], "OpenSMTPD", self.log_file.read_text)

    def wait(self):
        """Until OpenSMTPD has ended."""
        wait_until(self._daemon.has_ended, "end of OpenSMTPD")
        self._daemon.stop()

    def stop(self):
        self._daemon.stop()
        shutil.rmtree(ROOT / "var/spool/smtpd", ignore_errors=True)

    @property
    def log_file(self):
        return self.folder / "smtpd.log"

    @property
    def log(self):
        return self.log_file.read_text()

    def decisions(self, count):
        """The lines of decisions, once there are so many."""

        def lines():
            found = [line.partition("batv: batv: ")[2] for line in self.log.splitlines() if "batv: batv: " in line]
            return found if len(found) >= count else None

        return wait_until(lines, f"{count} decisions in {self.log}")

    def submit_locally(self, sender, recipient):
        """A user of this host gives a message to sendmail(1)."""
        command = [*CONFINED, "/usr/sbin/sendmail", "-f", sender, recipient]
        message = "Subject: test\n\ntest\n"
        # Installed, the program is setgid.
        subprocess.run(command, input=message, text=True, check=True, timeout=DEADLINE, group="opensmtpq")

    @contextlib.contextmanager
    def authenticated(self, password="password"):
        """A user elsewhere, with the right password or a wrong one."""
        with self.client() as client:
            client.ehlo()
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client.starttls(context=context)
            client.ehlo()
            with contextlib.suppress(Exception):
                client.login("alice", password)
            yield client
