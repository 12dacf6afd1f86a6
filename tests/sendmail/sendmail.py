"""Real Sendmail with the settings of docs/sendmail.md, batv-milter, and the servers that it delivers to."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from mail import DEADLINE, TARGET, Daemon, MailServer, documented
from servers import Milter, free_port

# Sendmail as Debian's packages have it, or the folder that it is confined to.
CONFINED = os.environ.get("BATV_SENDMAIL_ROOT")
DEBIAN = Path("/") if CONFINED else TARGET / "debian"
RULES = Path(CONFINED or DEBIAN) / "usr/share/sendmail/cf"
ALIASES = """
postmaster: root
staff: alice, bob
remote: carol@example.net
john.doe: alice
friends: carol@example.net
owner-friends: friends-request
friends-request: bob
"""
VIRTUAL_USERS = """
info@example.org\talice
sales@example.org\tcarol@example.net
@example.org\terror:5.1.1:550 User unknown
"""
MAIN = """
include(`cf.m4')
OSTYPE(`linux')
define(`confHOSTS_FILE', `/etc/hosts')
define(`confSERVICE_SWITCH_FILE', `{folder}/service.switch')
define(`confPID_FILE', `{folder}/sendmail.pid')
define(`QUEUE_DIR', `{folder}/queue')
define(`STATUS_FILE', `{folder}/statistics')
define(`ALIAS_FILE', `{folder}/aliases')
define(`confFORWARD_PATH', `')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confTO_IDENT', `0')
define(`confBAD_RCPT_THROTTLE', `0')
define(`confMAX_RCPTS_PER_MESSAGE', `0')
define(`confREFUSE_LA', `0')
dnl With 0 a busy machine delivers nothing that has two recipients.
define(`confQUEUE_LA', `1000000')
define(`confDELAY_LA', `0')
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')
define(`SMART_HOST', `relay:[{world_host}]')
define(`RELAY_MAILER_ARGS', `TCP $h {world_port}')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port={port}')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
FEATURE(`local_lmtp', `[IPC]', `FILE {folder}/lmtp')
LOCAL_DOMAIN(`example.test')
FEATURE(`virtusertable', `hash {folder}/virtusertable')
VIRTUSER_DOMAIN(`example.org')
RELAY_DOMAIN(`relay.test')
RELAY_DOMAIN(`example.edu')
{settings}
MAILER(`local')
MAILER(`smtp')
{documented}
"""
SUBMISSION = """
include(`cf.m4')
OSTYPE(`linux')
define(`confCF_VERSION', `Submit')
define(`__OSTYPE__', `')
define(`confHOSTS_FILE', `/etc/hosts')
define(`confSERVICE_SWITCH_FILE', `{folder}/service.switch')
define(`MSP_QUEUE_DIR', `{folder}/submitted')
define(`confQUEUE_LA', `1000000')
define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')
define(`RELAY_MAILER_ARGS', `TCP $h {port}')
{documented}
FEATURE(`msp', `[127.0.0.1]')
"""


class Sendmail(MailServer):
    """A Sendmail of its own with batv-milter: a folder, a port, and the milter's clock.

    `config` is the content of batv.toml, `milter` more of its section [milter]; `settings` are further
    lines of the .mc.
    """

    _confined = ["chroot", CONFINED] if CONFINED else []

    def __init__(self, config, settings="", milter="", date="2026-11-22T12:00:00"):
        # Sendmail trusts no folder that everybody can write to, such as /tmp.
        self.folder = Path(tempfile.mkdtemp(prefix="batv-sendmail-", dir="/run"))
        self._settings = settings
        socket_folder = self.folder / "batv"
        socket_folder.mkdir(mode=0o750)
        self.milter = Milter(self.folder, f"unix:{socket_folder}/milter.sock", milter, date)
        self.milter.write(config)

    def _begin(self, exits):
        (self.folder / "queue").mkdir(mode=0o700)
        self._write_config()
        exits.callback(self.milter.stop)
        self.milter.start()
        exits.callback(self.stop)
        self.start()

    def _write_config(self):
        self.port = free_port()
        host, port = self.world.address
        (self.folder / "service.switch").write_text("hosts files\naliases files\n")
        (self.folder / "aliases").write_text(ALIASES)
        block = documented("sendmail.mc", "sendmail.md").replace("/run/batv", str(self.folder / "batv"))
        block = block.replace("C{Batv}example.com", "C{Batv}relay.test localhost mx.example.test example.test")
        self.write_cf(
            "sendmail.cf",
            MAIN.format(
                folder=self.folder,
                port=self.port,
                world_host=host,
                world_port=port,
                settings=self._settings,
                documented=block,
            ),
        )
        self.command(
            "makemap", "-C", self.folder / "sendmail.cf", "hash", self.folder / "virtusertable", input=VIRTUAL_USERS
        )
        self.command("sendmail", "-C", self.folder / "sendmail.cf", "-bi")

    def submit_locally(self, sender, recipient):
        """A user of this host gives a message to sendmail(1), with the documented settings of submit.mc."""
        (self.folder / "submitted").mkdir(mode=0o770, exist_ok=True)
        shutil.chown(self.folder / "submitted", "smmsp", "smmsp")
        block = documented("submit.mc", "sendmail.md").replace("example.com", "example.test")
        self.write_cf("submit.cf", SUBMISSION.format(folder=self.folder, port=self.port, documented=block))
        arguments = ["-C", self.folder / "submit.cf", "-f", sender, recipient]
        self.command("sendmail", *arguments, input="Subject: test\n\ntest\n")

    def write_cf(self, name, text):
        """Makes a .cf of a .mc."""
        source = (self.folder / name).with_suffix(".mc")
        source.write_text(text)
        command = ["m4", f"-D_CF_DIR_={RULES}/", f"-I{RULES}/m4", source]
        made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE, cwd=self.folder)
        (self.folder / name).write_text(made.stdout)

    def command(self, name, *arguments, **options):
        """A command of Sendmail's, as root."""
        options = {"capture_output": True, "text": True, "timeout": DEADLINE, "check": True} | options
        return subprocess.run([*self._confined, DEBIAN / "usr/libexec/sendmail" / name, *arguments], **options)

    def start(self):
        command = [*self._confined, DEBIAN / "usr/libexec/sendmail/sendmail", "-bD", "-q1s"]
        command += ["-C", self.folder / "sendmail.cf"]
        with (self.folder / "sendmail.log").open("wb") as log:
            self._daemon = Daemon(command, stdout=log, stderr=log)

        self._daemon.wait_until_it_listens([self.port], "Sendmail", (self.folder / "sendmail.log").read_text)

    def stop(self):
        self._daemon.stop()
