"""batv-milter and clients that are no mail server: it answers or ends the connection, and serves the others."""

import collections
import contextlib
import itertools
import random
import re
import signal
import socket
import struct
import tempfile
import unittest
from pathlib import Path

from case import ALICE, KEYS, MISSING
from mail import DEADLINE
from servers import Milter

OFFER = struct.pack("!III", 6, 0x1FF, 0x1FFFFF)  # Postfix's
STRANGER = b"client.example.net\x004\x04\x01192.0.2.7\0"
GO_ON = (b"c", b"")
REFUSED = (b"y", f"{MISSING}\0".encode())
UNREADABLE = (b"y", b"550 5.7.1 Not a bounce of mail sent from here (BATV: the address is unreadable)\0")
ENDED = (b"", b"")
# Much more than any stack holds of what calls itself for each octet.
LONG = 200_000


def packet(command, data=b""):
    return struct.pack("!I", 1 + len(data)) + command + data


def mail(sender):
    return packet(b"M", b"<%b>\0" % sender.encode())


def recipient(address):
    return packet(b"R", b"<%b>\0" % address.encode())


class Client:
    """A connection to batv-milter."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(DEADLINE)
        self._socket.connect(path)
        self._file = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._socket.close()

    def send(self, *packets):
        self._socket.sendall(b"".join(packets))

    def close(self):
        """Says that nothing more comes."""
        self._socket.shutdown(socket.SHUT_WR)

    def answer(self):
        """The next packet: its command and data, both empty where the connection has ended."""
        with contextlib.suppress(ConnectionResetError):
            if len(length := self._file.read(4)) == 4:
                octets = self._file.read(*struct.unpack("!I", length))
                return octets[:1], octets[1:]
        return ENDED

    def begin(self, offer=OFFER):
        """The negotiation, and a stranger who connects to Postfix."""
        self.send(packet(b"O", offer))
        command, data = self.answer()
        self.send(packet(b"D", b"Cv\0Postfix 3.7.11\0"), packet(b"C", STRANGER))
        return command, data

    def end(self):
        """How many packets of each command answer the end of a message."""
        self.send(packet(b"E"))
        counts = collections.Counter()
        while not counts[b"c"]:
            command, _ = self.answer()
            assert command, counts
            counts[command] += 1
        return counts


class Daemon(unittest.TestCase):
    """Tests that share a daemon."""

    settings = ""

    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="batv-hostile-")))
        cls.path = f"{folder}/milter.sock"
        cls.milter = Milter(folder, f"unix:{cls.path}", cls.settings, "2026-11-22T12:00:00")
        cls.milter.write(KEYS)
        cls.milter.start()
        cls.addClassCleanup(cls.milter.stop)

    def client(self):
        return self.enterContext(Client(self.path))


class Hostile(Daemon):
    def assert_serves(self, client=None):
        """A good bounce and a forged one get what they deserve."""
        if client is None:
            client = self.client()
            client.begin()
        client.send(mail(""), recipient("alice@example.test"), recipient(ALICE))
        self.assertEqual([client.answer(), client.answer()], [REFUSED, GO_ON])
        self.assertEqual(client.end(), {b"-": 1, b"+": 1, b"c": 1})

    def assert_logged(self, error):
        self.milter.wait_for_log(f"(?m)^closed a connection from the mail server: {re.escape(error)}$")

    def test_octet_by_octet(self):
        client = self.client()
        message = [mail(""), recipient("alice@example.test"), recipient(ALICE), packet(b"E"), packet(b"Q")]
        begin = [packet(b"O", OFFER), packet(b"D", b"Cv\0Postfix 3.7.11\0"), packet(b"C", STRANGER)]
        for octet in b"".join(begin + message):
            client.send(bytes([octet]))
        answers = [client.answer() for _ in range(7)]
        self.assertEqual(answers[0][0], b"O")
        delete, add = f"<{ALICE}>\0".encode(), b"<alice@example.test>\0"
        self.assertEqual(answers[1:], [REFUSED, GO_ON, (b"-", delete), (b"+", add), GO_ON, ENDED])

    def test_all_at_once(self):
        client = self.client()
        client.send(
            packet(b"O", OFFER), packet(b"C", STRANGER), mail(""), recipient("alice@example.test"), packet(b"Q")
        )
        self.assertEqual([client.answer()[0], client.answer(), client.answer()], [b"O", REFUSED, ENDED])

    def test_old_versions(self):
        for version, actions, steps in [(2, 0x3F | 0x40, 0x7F), (4, 0xFF, 0x3FF)]:
            client = self.client()
            command, data = client.begin(struct.pack("!III", version, actions, steps))
            self.assertEqual((command, struct.unpack("!III", data)), (b"O", (version, 0x4D, steps & 0x5372)))
            # Their answers to CONNECT and MAIL are waited for.
            self.assertEqual(client.answer(), GO_ON)
            client.send(mail(""))
            self.assertEqual(client.answer(), GO_ON)
            client.send(recipient("alice@example.test"))
            self.assertEqual(client.answer(), REFUSED)
        for offer, error in [
            (struct.pack("!III", 1, 0x1FF, 0), "version 1 of the milter protocol is too old"),
            (
                struct.pack("!III", 6, 0x3F, 0),
                "the mail server does not let milters change senders and recipients (actions 0x3f)",
            ),
            (OFFER[:-1], "malformed command 'O'"),
        ]:
            client = self.client()
            client.send(packet(b"O", offer))
            self.assertEqual(client.answer(), ENDED)
            self.assert_logged(error)
        self.assert_serves()

    def test_what_is_out_of_order_ends_the_connection(self):
        for octets in [packet(b"M", b"<>\0"), packet(b"D", b"M"), packet(b"A"), packet(b"K"), packet(b"C", STRANGER)]:
            client = self.client()
            client.send(octets)
            self.assertEqual(client.answer(), ENDED)
        for octets in [recipient(ALICE), packet(b"E")]:
            client = self.client()
            client.begin()
            client.send(octets)
            self.assertEqual(client.answer(), ENDED)
        self.assert_logged("a command out of order")
        self.assert_serves()

    def test_lengths_that_cannot_be(self):
        for octets, error in [
            (struct.pack("!I", 0), "a packet without a command"),
            (struct.pack("!I", 0xFFFFFFFF), "a packet of 4294967295 octets is too long"),
            (struct.pack("!I", (1 << 20) + 1) + b"M", "a packet of 1048577 octets is too long"),
            (packet(b"x"), "unknown command 0x78"),
            (packet(b"R", b"<alice@example.test>"), "malformed command 'R'"),
        ]:
            client = self.client()
            client.begin()
            client.send(mail(""), octets)
            self.assertEqual(client.answer(), ENDED)
            self.assert_logged(error)
        self.assert_serves()

    def test_who_leaves_in_the_middle_is_no_error(self):
        def closed():
            return [line for line in self.milter.log.splitlines() if line.startswith("closed a connection")]

        before = closed()
        for octets in [b"", b"\0", packet(b"O", OFFER)[:9], packet(b"O", OFFER) + mail("") + b"\0\0\0\x40R<alice"]:
            client = self.client()
            client.send(octets)
            client.close()
            while client.answer() != ENDED:
                pass
        self.assertEqual(closed(), before)

    def test_nul_octets(self):
        client = self.client()
        client.begin()
        # An argument ends at the first one.
        client.send(packet(b"M", b"<>\0\0\0"), packet(b"R", b"<alice@example.test>\0\0<bob@example.net>\0"))
        self.assertEqual(client.answer(), REFUSED)
        client.send(packet(b"R", b"\0"), packet(b"R", b"\0<alice@example.test>\0"))
        self.assertEqual([client.answer(), client.answer()], [UNREADABLE, UNREADABLE])
        client.send(packet(b"A"))
        self.assert_serves(client)

    def test_macros_that_no_event_follows(self):
        client = self.client()
        client.begin()
        for command in b"CHMRTLNEAKQ\0x":
            client.send(
                packet(b"D", bytes([command])), packet(b"D", bytes([command]) + b"{rcpt_addr}\0x\0{mail_addr}\0x\0")
            )
        # They belonged to other messages.
        client.send(packet(b"D", b"M{mail_addr}\0\0"), mail(""), packet(b"D", b"R{rcpt_addr}\0alice@example.test\0"))
        client.send(recipient("alice@example.test"))
        self.assertEqual(client.answer(), REFUSED)
        # What follows them is not their event: they wait for it.
        client.send(packet(b"D", b"R{rcpt_addr}\0bob@example.net\0"), packet(b"A"))
        self.assert_serves(client)

    def test_aborted_messages_leave_nothing_behind(self):
        client = self.client()
        client.begin()
        for _ in range(3):
            client.send(mail(""), recipient(ALICE), packet(b"A"), packet(b"A"))
            self.assertEqual(client.answer(), GO_ON)
        client.send(packet(b"D", b"M{auth_type}\0PLAIN\0"), mail("alice@example.test"), packet(b"A"))
        client.send(mail("alice@example.test"), recipient("bob@example.net"))
        self.assertEqual(client.answer(), GO_ON)
        self.assertEqual(client.end(), {b"c": 1}, "nobody has authenticated")
        self.assert_serves(client)

    def test_the_next_client_of_a_connection_is_a_stranger(self):
        client = self.client()
        client.begin()
        client.send(packet(b"C", b"localhost\x004\0\x19127.0.0.1\0"), mail(""), recipient("alice@example.test"))
        self.assertEqual(client.answer(), GO_ON)
        client.send(packet(b"K"), mail(""), recipient("alice@example.test"))
        self.assertEqual(client.answer(), REFUSED)

    def test_ten_thousand_recipients(self):
        client = self.client()
        client.begin()
        client.send(mail("bob@example.net"))
        for number in range(10_000):
            # Each twice, once in capitals: who has one gets the message once.
            tagged = f"prvs=0786864c09=user{number // 2}@example.test"
            client.send(recipient(tagged.upper() if number % 2 else tagged))
            self.assertEqual(client.answer(), GO_ON)
        self.assertEqual(client.end(), {b"-": 10_000, b"+": 5_000, b"c": 1})

    def test_no_nesting_is_too_deep(self):
        client = self.client()
        client.begin()
        client.send(mail(""))
        for piece in ["(", '"', "\\", "<", "@", "%", "!", "@a,", "(\\)", "[", "prvs=0786864c09=", "%example.test", "+"]:
            written = piece * (LONG // len(piece))
            for address in [written, f"{written}alice@example.test", f"alice{written}@example.test"]:
                client.send(
                    recipient(address), packet(b"D", b"R{rcpt_addr}\0%b\0" % address.encode()), recipient(address)
                )
                self.assertIn(client.answer()[0], [b"c", b"y"])
                self.assertIn(client.answer()[0], [b"c", b"y"])
        client.send(packet(b"A"))
        self.assert_serves(client)

    def test_a_thousand_pieces_of_garbage(self):
        for seed in range(1000):
            octets = random.Random(seed).randbytes(60)
            with Client(self.path) as client:
                client.send(packet(b"O", OFFER) * (seed % 2), octets)
                client.close()
                answers = list(itertools.takewhile(lambda answer: answer != ENDED, iter(client.answer, None)))
                self.assertIn([command for command, _ in answers], [[], [b"O"]], octets)
        self.assert_serves()

    def test_a_storm_of_signals(self):
        client = self.client()
        client.begin()
        for _ in range(300):
            client.send(mail(""), recipient("alice@example.test"), recipient(ALICE))
            self.milter.signal(signal.SIGHUP)
            self.assertEqual([client.answer(), client.answer()], [REFUSED, GO_ON])
            self.milter.signal(signal.SIGHUP)
            self.assertEqual(client.end(), {b"-": 1, b"+": 1, b"c": 1})


class HostileHeaders(Daemon):
    settings = 'refuse-at = "headers"'

    def test_no_nesting_is_too_deep(self):
        client = self.client()
        client.begin()
        report = "multipart/report; report-type=delivery-status"
        for piece in ["(", "(\\)", '"', ";", "; x=y", ";report-type*0=", "\n\t", "\\"]:
            filler = piece * (LONG // len(piece))
            client.send(mail(""), recipient("alice@example.test"))
            for value in [filler, f"multipart/report{filler}", f"multipart/report; report-type={filler}", report]:
                client.send(packet(b"L", f"Content-Type\0{value}\0".encode()))
            client.send(packet(b"N"))
            self.assertEqual([client.answer(), client.answer()], [GO_ON, REFUSED])
