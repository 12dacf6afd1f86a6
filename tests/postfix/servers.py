"""Real Postfix with the settings of docs/postfix.md, batv-milter, and the servers that it delivers to."""

import base64
import contextlib
import os
import random
import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path

from mail import DEADLINE, ROOT, TARGET, Daemon, MailServer, clock, documented, wait_until

# Postfix as Debian's packages have it, or the folder that it is confined to.
CONFINED = os.environ.get("BATV_POSTFIX_ROOT")
DEBIAN = Path("/") if CONFINED else TARGET / "debian"
MILTER = TARGET / "debug/batv-milter"
STRIP = ROOT / "batv-milter/postfix/batv_strip.pcre"
PCRE = "/etc/postfix/batv_strip.pcre"
USERS = "/etc/postfix/batv_users"
# A client of which nobody knows anything.
STRANGER = "192.0.2.7"
MAIL_OWNER, SETGID_GROUP = "postfix", "postdrop"
QUEUES = ["incoming", "active", "deferred", "bounce", "defer", "flush", "corrupt", "hold", "trace", "saved", "private"]
MAILBOXES = ["alice", "bob", "mixed.case", '"john doe"', '"a..b"']

SERVICES = """
127.0.0.1:{port} inet n - y - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def without_repetition(settings):
    """A main.cf with each setting once, as it is written last.

    Every program of Postfix's warns in the log of settings that are written twice, postlogd too: if other programs
    have filled its queue before it reads the first line, it waits for itself for ever.
    """
    logical = re.findall(r"^\w.*(?:\n[ \t]+.*)*", settings, re.MULTILINE)
    return "\n".join({line.partition("=")[0].strip(): line for line in logical}.values()) + "\n"


def free_port():
    """A port that nobody listens on, and that the system gives to nobody who does not ask for it."""
    while True:
        with (
            contextlib.suppress(OSError),
            socket.create_server(("127.0.0.1", random.randrange(10_000, 30_000))) as free,
        ):
            return free.getsockname()[1]


class Milter:
    """batv-milter with a configuration file of its own and a clock."""

    def __init__(self, folder, socket, settings="", date=None):
        self.date, self._process = date, None
        self.config = folder / "batv.toml"
        self.log_file = folder / "milter.log"
        self.command = [MILTER, "--config", self.config]
        self.section = f'[milter]\nsocket = "{socket}"\n{settings}\n'

    def write(self, text):
        """Puts a configuration file in place as an administrator does."""
        new = self.config.with_suffix(".new")
        new.write_text(f"{text}\n{self.section}")
        new.chmod(0o640)
        new.rename(self.config)

    @property
    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def decisions(self):
        """The lines of decisions."""
        return [line for line in self.log.splitlines() if line.startswith("batv: ")]

    def start(self, *prefix):
        """Runs it; `prefix` is the beginning of the command."""
        before = self.log.count(" listens on ")
        environment = os.environ | (clock(self.date) if self.date else {})
        with self.log_file.open("ab") as log:
            command = [*prefix, *self.command]
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=log)

        def listens():
            if self._process.poll() is not None:
                raise RuntimeError(f"batv-milter ended: {self.log}")
            return self.log.count(" listens on ") > before

        wait_until(listens, "batv-milter")

    @property
    def pid(self):
        return self._process.pid

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self):
        """The exit status, once it has ended."""
        return self._process.wait(DEADLINE)

    def restart(self, date):
        self.stop()
        self.date = date
        self.start()

    def stop(self):
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self.wait()

    def wait_for_log(self, pattern, count=1):
        wait_until(lambda: len(re.findall(pattern, self.log)) >= count, f"{pattern} in the milter's log")


class Authentication:
    """Dovecot's authentication protocol: whoever has the right password is let in."""

    def __init__(self, path):
        class Handler(socketserver.StreamRequestHandler):
            timeout = DEADLINE

            def handle(self):
                hello = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0123456789abcdef\nDONE\n"
                self.wfile.write(hello.encode())
                for line in self.rfile:
                    command, *fields = line.decode().rstrip("\n").split("\t")
                    if command == "AUTH":
                        response = next(field[5:] for field in fields if field.startswith("resp="))
                        _, user, password = base64.b64decode(response).decode().split("\0")
                        good = password == "password"
                        answer = f"OK\t{fields[0]}\tuser={user}" if good else f"FAIL\t{fields[0]}"
                        self.wfile.write(f"{answer}\n".encode())

        self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        path.chmod(0o666)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Postfix(MailServer):
    """A Postfix of its own with batv-milter: folders, ports, and the milter's clock.

    `config` is the content of batv.toml, `milter` more of its section [milter]; `settings` are further
    lines of main.cf, `services` those of master.cf, where {other} is another port. The socket is in the
    queue folder, or with "inet" a port.
    """

    _confined = ["chroot", CONFINED] if CONFINED else []

    def __init__(self, config, date="2026-11-22T12:00:00", settings="", milter="", socket="unix", services=""):
        self.folder = Path(tempfile.mkdtemp(prefix="batv-postfix-"))
        self.queue = self.folder / "queue"
        self._settings, self._services = settings, services
        if socket == "inet":
            address = f"inet:127.0.0.1:{free_port()}"
            self._settings += f"\nsmtpd_milters = {address}\n"
        else:
            address = f"unix:{self.queue}/batv/milter.sock"
            milter += f'\ngroup = "{MAIL_OWNER}"'
        self.milter = Milter(self.folder, address, milter, date)
        self.milter.write(config)

    def _begin(self, exits):
        self._make_queue()
        authentication = Authentication(self.queue / "auth")
        exits.callback(authentication.close)
        self._write_config()
        exits.callback(self.milter.stop)
        self.milter.start()
        exits.callback(self.stop)
        self.start()

    def _make_queue(self):
        def folder(name, mode, owner="root", group="root"):
            path = self.folder / name
            path.mkdir(parents=True, exist_ok=True)
            shutil.chown(path, owner, group)
            path.chmod(mode)

        folder("queue", 0o755)
        for name in QUEUES:
            folder(f"queue/{name}", 0o700, MAIL_OWNER)
        folder("queue/public", 0o710, MAIL_OWNER, SETGID_GROUP)
        folder("queue/maildrop", 0o730, MAIL_OWNER, SETGID_GROUP)
        folder("queue/pid", 0o755)
        # As tmpfiles makes it.
        folder("queue/batv", 0o2750, "root", MAIL_OWNER)
        folder("data", 0o700, MAIL_OWNER)
        folder("etc", 0o755)

    def _write_config(self):
        self.port, self.services_port = free_port(), free_port()
        etc = self.folder / "etc"
        host, port = self.world.address
        libraries = DEBIAN / "usr/lib/postfix"
        shutil.copy(STRIP, etc / "batv_strip.pcre")
        addresses = [f"{name}@{domain}" for name in MAILBOXES for domain in ["example.test", "example.org"]]
        # Where Postfix looks up local recipients it wants the local-part alone.
        (etc / "mailboxes").write_text("".join(f"{name} x\n" for name in MAILBOXES + addresses))
        (etc / "batv_users").write_text("".join(f"{address} {address}\n" for address in addresses))
        (etc / "dynamicmaps.cf").write_text("pcre postfix-pcre.so dict_pcre_open\n")
        (etc / "master.cf").write_text(
            (SERVICES + self._services).format(port=self.port, other=self.services_port) + "\n"
        )
        settings = f"""
compatibility_level = 3.6
queue_directory = {self.queue}
data_directory = {self.folder}/data
command_directory = {DEBIAN}/usr/sbin
daemon_directory = {libraries}/sbin
shlib_directory = {libraries}
meta_directory = {etc}
mail_owner = {MAIL_OWNER}
setgid_group = {SETGID_GROUP}
import_environment = MAIL_CONFIG MAIL_LOGTAG TZ=UTC LANG=C LD_LIBRARY_PATH
export_environment = MAIL_CONFIG TZ=UTC LANG=C LD_LIBRARY_PATH
maillog_file = {self.folder}/mail.log
maillog_file_prefixes = {self.folder}
myhostname = mx.example.test
mydomain = example.test
myorigin = example.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1
alias_maps =
alias_database =
virtual_mailbox_domains = example.test example.org
virtual_mailbox_maps = texthash:{etc}/mailboxes
virtual_transport = lmtp:unix:{self.folder}/lmtp
relayhost = [{host}]:{port}
disable_dns_lookups = yes
recipient_delimiter = +
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = auth
smtpd_sasl_auth_enable = yes
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 1000
minimal_backoff_time = 1s
in_flow_delay = 0
{documented("main.cf", "postfix.md").replace("/etc/postfix/", f"{etc}/")}
{self._settings.replace("{folder}", str(self.folder))}
"""
        (etc / "main.cf").write_text(without_repetition(settings))

    def command(self, name, *arguments, **options):
        """A command of Postfix's, as root."""
        environment = {"LD_LIBRARY_PATH": str(DEBIAN / "usr/lib/postfix"), "MAIL_CONFIG": str(self.folder / "etc")}
        options = {"capture_output": True, "text": True, "timeout": DEADLINE, "check": True} | options
        command = [*self._confined, DEBIAN / "usr/sbin" / name, *arguments]
        return subprocess.run(command, env=os.environ | environment, **options)

    def start(self):
        environment = os.environ | {"LD_LIBRARY_PATH": str(DEBIAN / "usr/lib/postfix")}
        command = [*self._confined, DEBIAN / "usr/lib/postfix/sbin/master", "-d", "-c", self.folder / "etc"]
        with (self.folder / "master.log").open("wb") as log:
            self._master = Daemon(command, env=environment, stdout=log, stderr=log)

        ports = [self.port, self.services_port] if "{other}" in self._services else [self.port]
        self._master.wait_until_it_listens(
            ports, "Postfix", lambda: f"{self.log} {(self.folder / 'master.log').read_text()}"
        )

    def stop(self):
        self._master.stop()

    @property
    def log(self):
        path = self.folder / "mail.log"
        return path.read_text() if path.exists() else ""

    def wait_for_log(self, pattern, count=1):
        wait_until(lambda: len(re.findall(pattern, self.log)) >= count, f"{pattern} in the log")

    def queued(self):
        """The number of messages in the queue."""
        return len(self.command("postqueue", "-j").stdout.splitlines())

    def deliver(self):
        """Tries to deliver what is in the queue until nothing is."""

        def is_empty():
            if self.queued() == 0:
                return True
            self.command("postqueue", "-f")
            return False

        wait_until(is_empty, "delivery")

    @contextlib.contextmanager
    def client(self, source=STRANGER):
        """A connection from an address that the client says it has."""
        with super().client("127.0.0.1") as client:
            if source != "127.0.0.1":
                client.ehlo()
                code, reply = client.docmd("XCLIENT", f"ADDR={source}")
                assert code == 220, reply
            yield client
