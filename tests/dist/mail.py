#!/usr/bin/env python3
"""Mail through the installed server of a Debian folder, which is alone in a network of its own.

Usage: mail.py exim|postfix. It has the configuration of the documents; alice is a user of the machine.
"""

import re
import smtplib
import socket
import socketserver
import subprocess
import sys
import threading
import time
from email import message_from_bytes
from pathlib import Path

DEADLINE = 120
ALICE = "alice@example.com"


class Sink(socketserver.ThreadingTCPServer):
    """The rest of the world: takes all mail."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        # Not an address that a mail server takes for its own.
        super().__init__(("127.0.0.3", 2525), Session)
        self.senders = []
        self.changed = threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def sender(self):
        with self.changed:
            assert self.changed.wait_for(lambda: self.senders, DEADLINE), "no mail arrives"
            return self.senders.pop()


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            command = line[:4].upper()
            if command == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"221 bye\r\n" if command == b"QUIT" else b"250 sink\r\n")
            if command == b"MAIL":
                with self.server.changed:
                    self.server.senders.append(re.search(rb"<(.*?)>", line)[1].decode())
                    self.server.changed.notify_all()
            if command == b"QUIT":
                return


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"no {what}"
        threading.Event().wait(0.05)
    return answer


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def bounce(recipient):
    """The reply to RCPT of a bounce that comes from outside, and the message if it is accepted."""
    with smtplib.SMTP("127.0.0.1", 25, "client.example.net", DEADLINE, ("127.0.0.2", 0)) as client:
        client.ehlo()
        client.mail("")
        code, text = client.rcpt(recipient)
        if code == 250:
            assert client.data("Subject: a bounce\r\n\r\nIt did not arrive.\r\n")[0] == 250
        return code, text.decode()


def delivered():
    """The messages in the mailbox of alice."""
    box = Path("/var/mail/alice")
    return re.split(rb"^From .*\n", box.read_bytes(), flags=re.MULTILINE)[1:] if box.exists() else []


def main(server):
    sink = Sink()
    if server == "exim":
        subprocess.run(["update-exim4.conf"], check=True)
        started = subprocess.Popen(["exim4", "-bdf", "-q1m"])
    else:
        user = ["setpriv", "--reuid=batv", "--regid=batv", "--init-groups"]
        milter = subprocess.Popen([*user, "batv-milter", "--config", "/etc/batv/batv.toml"])
        wait_until(Path("/var/spool/postfix/batv/milter.sock").exists, "socket")
        subprocess.run(["postfix", "start"], check=True)
        started = milter
    wait_until(lambda: listens(25), "mail server")

    code, text = bounce(ALICE)
    # Exim breaks a long reply into two lines.
    reply = " ".join(text.replace("\n5.7.1 ", " ").split())
    assert (code, reply) == (550, "5.7.1 Not a bounce of mail sent from here (BATV: the address has no tag)"), (
        code,
        text,
    )

    # Mail of the machine itself leaves signed.
    letter = "From: alice@example.com\nTo: bob@example.net\nSubject: hello\n\nHello.\n"
    subprocess.run(["/usr/sbin/sendmail", "-f", ALICE, "bob@example.net"], input=letter, text=True, check=True)
    signed = sink.sender()
    assert re.fullmatch("prvs=0[0-9]{3}[0-9a-f]{6}=alice@example.com", signed), signed

    forged = signed.replace("=alice", "=root")
    assert bounce(forged)[0] == 550, forged
    assert bounce(signed)[0] == 250, signed
    [message] = wait_until(delivered, "message in the mailbox")
    assert message_from_bytes(message)["Subject"] == "a bounce"

    started.terminate()
    assert server == "exim" or started.wait(DEADLINE) == 0, "batv-milter does not end well"
    print(f"{server}: refused, signed, delivered")


if __name__ == "__main__":
    main(sys.argv[1])
