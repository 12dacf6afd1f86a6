"""Decisions by a configuration: mail that leaves, mail that comes, and the arguments of both."""

import itertools
import pickle
from collections.abc import Callable
from email.message import EmailMessage
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import batv
import pytest
from batv import (
    Action,
    BatvWarning,
    Config,
    InboundDecision,
    InboundReason,
    OutboundReason,
    Verdict,
)
from conftest import ALICE, BOB, KEYS, NOON, SIGNED, SITE

DAY = 86_400


def test_sign_and_verify_by_the_key_of_the_address(config: Config) -> None:
    assert config.sign(ALICE, NOON) == SIGNED
    assert config.sign(f"<{ALICE}>".encode(), at=NOON) == f"<{SIGNED}>".encode()
    for unsigned in ("<>", "", BOB, SIGNED, "postmaster@example.test"):
        assert config.sign(unsigned, NOON) is unsigned
        assert config.outbound(unsigned, at=NOON).mail_from is unsigned
    assert config.verify(SIGNED, NOON) == KEYS.verify(SIGNED, NOON)
    assert config.verify(SIGNED.replace("example.test", "example.org"), NOON).verdict == (
        Verdict.UNKNOWN_KEY
    )
    with pytest.raises(batv.TooLongError) as caught:
        config.sign("a" * 60 + "@example.test", NOON)
    assert caught.value.octets == 76
    for call in (config.sign, config.verify):
        with pytest.raises(batv.AddressError, match="local-part cannot have ' ' at octet 1"):
            call("a b@example.test", NOON)


@pytest.mark.parametrize(
    ("mail_from", "recipients", "reason"),
    [
        (ALICE, [BOB], OutboundReason.SIGNED),
        (ALICE, [], OutboundReason.SIGNED),
        (ALICE, ["carol@example.test", BOB.encode()], OutboundReason.SIGNED),
        ("<>", [BOB], OutboundReason.NULL_SENDER),
        ("a b@example.test", [BOB], OutboundReason.UNREADABLE),
        (BOB, [ALICE], OutboundReason.NOT_OURS),
        ("postmaster@example.test", [BOB], OutboundReason.EXEMPT),
        (ALICE, ["carol@example.test"], OutboundReason.LOCAL),
        (ALICE, [BOB, "list@lists.example.org"], OutboundReason.UNTAGGED_DESTINATION),
        (SIGNED, [BOB], OutboundReason.TAGGED),
        ("a" * 60 + "@example.test", [BOB], OutboundReason.TOO_LONG),
    ],
)
def test_outbound(
    config: Config, mail_from: str, recipients: list[Any], reason: OutboundReason
) -> None:
    is_signed = reason is OutboundReason.SIGNED
    expected = SIGNED if is_signed else mail_from
    decision = config.outbound(mail_from, recipients, NOON)
    assert (decision.mail_from, decision.reason) == (expected, reason)
    assert decision.action is (Action.SIGN if is_signed else Action.LEAVE)
    assert decision.key_number == (0 if is_signed else None)
    octets = config.outbound(f"<{mail_from}>".encode(), iter(recipients), at=NOON)
    assert octets.mail_from == f"<{expected}>".encode()
    assert octets.reason is reason


@pytest.mark.parametrize(
    ("client", "trusted", "reason"),
    [
        (None, False, OutboundReason.SIGNED),
        ("127.0.0.1", False, OutboundReason.SIGNED),
        ("198.51.100.1", True, OutboundReason.SIGNED),
        ("198.51.100.1", False, OutboundReason.NOT_INTERNAL),
        (ip_address("2001:db8:2::1"), False, OutboundReason.NOT_INTERNAL),
        (ip_address("2001:db8:1::1"), False, OutboundReason.SIGNED),
    ],
)
def test_mail_of_strangers_is_not_signed(
    config: Config, client: Any, trusted: bool, reason: OutboundReason
) -> None:
    decision = config.outbound(ALICE, [BOB], NOON, client=client, trusted=trusted)
    assert decision.reason is reason


REFUSAL = "550 5.7.1 Not a bounce of mail sent from here (BATV: "


@pytest.mark.parametrize(
    ("mail_from", "rcpt_to", "reason", "original", "reply", "key_number", "days_left"),
    [
        ("<>", SIGNED, InboundReason.PASS, ALICE, None, 0, 7),
        ("<>", f"<{SIGNED}>", InboundReason.PASS, f"<{ALICE}>", None, 0, 7),
        ("mailer-daemon@mx.example", SIGNED, InboundReason.PASS, ALICE, None, 0, 7),
        (BOB, SIGNED, InboundReason.NOT_A_BOUNCE, ALICE, None, 0, 7),
        (BOB, ALICE, InboundReason.NOT_A_BOUNCE, None, None, None, None),
        ("", BOB, InboundReason.NOT_OURS, None, None, None, None),
        ("", "postmaster@example.test", InboundReason.EXEMPT, None, None, None, None),
        ("", "a" * 60 + "@example.test", InboundReason.TOO_LONG, None, None, None, None),
        ("", ALICE, InboundReason.MISSING, None, "the address has no tag", None, None),
        ("", "alice", InboundReason.MISSING, None, "the address has no tag", None, None),
        ("", f"prvs=x={ALICE}", InboundReason.MALFORMED, None, "the tag is malformed", None, None),
        (
            "",
            f"prvs=7{SIGNED[6:]}",
            InboundReason.UNKNOWN_KEY,
            None,
            "the tag has an unknown key",
            7,
            7,
        ),
        (
            "",
            f"prvs=0786abcdef={ALICE}",
            InboundReason.BAD_SIGNATURE,
            None,
            "the tag is forged",
            0,
            7,
        ),
        (
            "",
            f"< {ALICE} >",
            InboundReason.UNREADABLE,
            None,
            "the address is unreadable",
            None,
            None,
        ),
    ],
)
def test_inbound(
    config: Config,
    mail_from: str,
    rcpt_to: str,
    reason: InboundReason,
    original: str | None,
    reply: str | None,
    key_number: int | None,
    days_left: int | None,
) -> None:
    decision = config.inbound(mail_from, rcpt_to, NOON)
    expected: Any = (
        Action.ORIGINAL if original else Action.REFUSE if reply else Action.ACCEPT,
        reason,
        decision.line,
        original,
        f"{REFUSAL}{reply})" if reply else None,
        False,
        key_number,
        days_left,
    )
    assert decision == InboundDecision(*expected)
    octets = config.inbound(mail_from.encode(), rcpt_to.encode(), at=NOON)
    assert octets.original == (None if original is None else original.encode())
    assert (octets.action, octets.reason, octets.reply) == (
        decision.action,
        decision.reason,
        decision.reply,
    )


def test_where_the_header_is_known_only_delivery_reports_are_refused(config: Config) -> None:
    message = EmailMessage()
    message.make_mixed()
    assert batv.is_delivery_report(message["Content-Type"]) is False
    message.replace_header("Content-Type", 'multipart/report; report-type="delivery-status"')
    assert batv.is_delivery_report(message["Content-Type"]) is True
    assert batv.is_delivery_report(str(message["Content-Type"]).encode()) is True
    for rcpt_to in (ALICE, f"prvs=0786abcdef={ALICE}", f"< {ALICE} >"):
        assert config.inbound("<>", rcpt_to, NOON, is_report=True).action is Action.REFUSE
        assert config.inbound("<>", rcpt_to, NOON, is_report=None).action is Action.REFUSE
        receipt = config.inbound("<>", rcpt_to, NOON, is_report=False)
        assert receipt.reason is InboundReason.NOT_A_REPORT
        assert receipt.action is (Action.ORIGINAL if "abcdef" in rcpt_to else Action.ACCEPT)
    genuine = config.inbound("<>", SIGNED, NOON, is_report=False)
    assert (genuine.reason, genuine.original) == (InboundReason.PASS, ALICE)
    ordinary = config.inbound(BOB, ALICE, NOON, is_report=False)
    assert ordinary.reason is InboundReason.NOT_A_BOUNCE
    header: Any
    for header in (None, 7, bytearray()):
        with pytest.raises(TypeError, match="content_type must be str or bytes, not "):
            batv.is_delivery_report(header)


def test_an_expired_tag(config: Config) -> None:
    decision = config.inbound("", SIGNED, NOON + 8 * DAY)
    assert decision.reason is InboundReason.EXPIRED
    assert decision.reply == "550 5.7.1 This bounce comes too late (BATV: the tag has expired)"


def test_the_servers_own_reading_counts(config: Config) -> None:
    spelling = "<x:alice@example.test;>"
    assert config.inbound("<>", spelling, NOON, rcpt_resolved=BOB).reason == "not-ours"
    judged = config.inbound("<>", spelling, NOON, rcpt_resolved=ALICE.encode())
    assert judged.reason is InboundReason.MISSING
    sender = "<(a comment)>"
    assert config.inbound(sender, ALICE, NOON, mail_from_resolved="").reason == "missing"
    assert config.inbound(sender, ALICE, NOON, mail_from_resolved=BOB).reason == "not-a-bounce"
    leaving = config.outbound("<alice>", [BOB], NOON, mail_from_resolved="carol@example.test")
    assert leaving.mail_from == f"<{KEYS.sign('carol@example.test', NOON)}>"
    octets = "j\udcfcrgen@example.test"
    signed = KEYS.sign(octets, NOON)
    reading: Any
    for reading in (octets, b"j\xfcrgen@example.test"):
        leaving = config.outbound("<alice>", [BOB], NOON, mail_from_resolved=reading)
        assert leaving.mail_from == f"<{signed}>"
    genuine = config.inbound("<>", "alice", NOON, rcpt_resolved=signed)
    assert (genuine.reason, genuine.original) == (InboundReason.PASS, octets)


def test_the_log_line(config: Config) -> None:
    leaving = config.outbound(f"<{ALICE}>", [BOB], NOON, client="127.0.0.1")
    line = f"batv: dir=out action=sign reason=signed from=<{ALICE}> client=127.0.0.1 key=0"
    assert leaving.log_line() == leaving.log_line("") == line
    assert leaving.log_line("4XyZ") == leaving.log_line(queue=b"4XyZ") == f"{line} queue=4XyZ"
    assert pickle.loads(pickle.dumps(leaving)).log_line() == line  # noqa: S301
    refused = config.inbound("<>", f"<{ALICE}>", NOON, client="198.51.100.1")
    line = f"batv: dir=in action=refuse reason=missing from=<> to=<{ALICE}> client=198.51.100.1"
    assert refused.log_line(b"4 Z\n") == f"{line} queue=4\\x20Z\\x0a"
    genuine = config.inbound("<>", SIGNED, NOON)
    line = f"batv: dir=in action=original reason=pass from=<> to=<{SIGNED}> key=0 left=7"
    assert genuine.log_line() == line
    assert "\n" not in config.inbound("<>", "a\nbatv: dir=in@example.test", NOON).log_line()
    queue: Any = 7
    with pytest.raises(TypeError, match="queue must be str or bytes, not int"):
        genuine.log_line(queue)


@pytest.mark.parametrize(
    "client",
    [
        "192.0.2.7",
        "::ffff:192.0.2.7",
        "2001:db8::1%eth0",
        "127.0.0.1",
        ip_address("192.0.2.7"),
        ip_address("2001:db8::1%eth0"),
    ],
)
def test_listed_clients(config: Config, client: Any) -> None:
    assert config.inbound("", ALICE, NOON, client=client).reason is InboundReason.CLIENT
    assert config.inbound("", ALICE, NOON, trusted=True).reason is InboundReason.CLIENT
    assert config.inbound("", ALICE, NOON, client="198.51.100.1").reason is InboundReason.MISSING


def test_arguments_without_sense(config: Config) -> None:
    for client in ("", "mx.example.org", "192.0.2.256", "192.0.2.0/24", "x" * 10**7):
        call: Any
        for call, to in ((config.inbound, ALICE), (config.outbound, [ALICE])):
            with pytest.raises(batv.ArgumentError) as caught:
                call("", to, NOON, client=client)
            assert str(caught.value) == "client: is not an IP address"
        assert vars(pickle.loads(pickle.dumps(caught.value))) == vars(caught.value)  # noqa: S301
    for text in ("\ud800", "x" * 10**7, b"\xff"):
        assert batv.is_delivery_report(text) is False
    for count in (-1, 2**32, 10**30):
        with pytest.raises(batv.ArgumentError, match="recipients_before: number is out of range"):
            config.inbound("", ALICE, NOON, recipients_before=count)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"client": 7}, "client must be str, IPv4Address, IPv6Address or None, not int"),
        (
            {"client": b"192.0.2.7"},
            "client must be str, IPv4Address, IPv6Address or None, not bytes",
        ),
        ({"recipients_before": 1.0}, "recipients_before must be int, not float"),
        ({"recipients_before": True}, "recipients_before must be int, not bool"),
        ({"mail_from_resolved": 7}, "address must be str or bytes, not int"),
        ({"rcpt_resolved": 7}, "address must be str or bytes, not int"),
        ({"trusted": 1}, "'int' object"),
        ({"is_report": 1}, "'int' object"),
    ],
)
def test_arguments_of_wrong_types(config: Config, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        config.inbound("", ALICE, NOON, **arguments)


def test_one_address_is_no_iterable_of_recipients(config: Config) -> None:
    recipients: Any
    for recipients in (BOB, BOB.encode()):
        with pytest.raises(TypeError, match="recipients must be an iterable of addresses, not"):
            config.outbound(ALICE, recipients, NOON)


def test_what_is_not_an_address_ends_an_endless_iterable(config: Config) -> None:
    endless: Any
    for endless in (
        ip_network("::/0"),
        itertools.count(),
        itertools.chain([BOB], itertools.count()),
    ):
        with pytest.raises(TypeError, match="address must be str or bytes, not "):
            config.outbound(ALICE, endless, NOON)


def test_settings_of_the_policy(write: Callable[[str], Path]) -> None:
    config = Config.open(write(f"{SITE}refuse-tagged-mail = true\none-recipient = true\n"))
    assert config.inbound(BOB, SIGNED, NOON).reason is InboundReason.TAGGED_MAIL
    second = config.inbound("", SIGNED, NOON, recipients_before=1)
    assert (second.reason, second.reply) == (
        InboundReason.SECOND_RECIPIENT,
        "550 5.7.1 A bounce has exactly one recipient",
    )
    write(f'{SITE}reply = "See https://example.test/batv?{{reason}}"\n')
    config.reload()
    refused = config.inbound("", ALICE, NOON)
    assert refused.reply == "550 5.7.1 See https://example.test/batv?missing"


def test_a_domain_without_a_key_that_signs(write: Callable[[str], Path]) -> None:
    path = write(SITE.replace("number = 0", 'number = 0\nuse = "verify"'))
    with pytest.warns(BatvWarning, match="no key signs for example.test"):
        config = Config.open(path)
    assert config.outbound(ALICE, [BOB], NOON).reason is OutboundReason.NO_SIGNING_KEY
    assert config.sign(ALICE, NOON) is ALICE


def test_monitoring_accepts_and_warns(write: Callable[[str], Path], config: Config) -> None:
    path = write(f"{SITE}monitor = true\n")
    with pytest.warns(BatvWarning) as caught:
        assert config.refresh() is True
    [warning] = caught
    text = "policy.monitor: monitor mode is on, nothing is refused"
    assert str(warning.message) == f"{path}: {text}"
    assert warning.filename == __file__
    assert config.warnings(NOON) == (text,)
    decision = config.inbound("", ALICE, NOON)
    assert (decision.action, decision.reason) == (Action.ACCEPT, InboundReason.MISSING)
    assert (decision.reply, decision.monitored) == (None, True)


def test_decisions_are_values(config: Config) -> None:
    for decision in (config.outbound(ALICE, [BOB], NOON), config.inbound("", SIGNED, NOON)):
        again = pickle.loads(pickle.dumps(decision))  # noqa: S301
        assert again == decision
        assert hash(again) == hash(decision)
        assert repr(again) == repr(decision)
        assert again.reason is decision.reason
        frozen: Any = decision
        with pytest.raises(AttributeError):
            frozen.reason = None
    assert config.inbound("", SIGNED, NOON) != config.inbound("", SIGNED.encode(), NOON)
    match config.outbound(ALICE, [BOB], NOON):
        case batv.OutboundDecision(mail_from, Action.SIGN):
            assert mail_from == SIGNED
        case _:
            pytest.fail("did not match")
