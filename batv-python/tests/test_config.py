"""Configurations: opened, parsed, read again, described, and decisions by them."""

import itertools
import pickle
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from email.message import EmailMessage
from enum import Enum
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Event
from typing import Any

import batv
import pytest
from batv import (
    Action,
    BatvWarning,
    Config,
    ConfigError,
    Fault,
    InboundDecision,
    InboundReason,
    Key,
    OutboundReason,
    Use,
    Verdict,
)
from conftest import DEADLINE, SECRET, SITE

NOON = 1_795_348_800
DAY = 86_400
ALICE = "alice@example.test"
BOB = "bob@example.org"
KEYS = batv.KeyRing({0: SECRET.encode()})
SIGNED = KEYS.sign(ALICE, NOON)


@pytest.fixture
def config(site: Path) -> Config:
    return Config.open(site)


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


VAULT = """
[[key]]
number = 0
secret-file = "mail/batv-0"
for = ["example.test", "*.example.test"]
created = 2026-11-01

[[key]]
number = 1
secret-file = "mail/batv-1"
for = ["example.test"]
use = "verify"
created = 2026-01-01
verify-until = 2026-12-01

[policy]
default-domain = "example.test"
"""


def test_secrets_may_live_elsewhere() -> None:
    vault = {"mail/batv-0": SECRET.encode(), "mail/batv-1": b"0123456789abcdef"}
    config = Config.parse(VAULT, vault.__getitem__)
    assert config.sign(ALICE, NOON) == SIGNED
    config.reload()
    assert (config.path, config.refresh()) == (None, False)
    assert repr(config) == "Config(...)"
    assert config.warnings(NOON) == ()
    # HMAC-SHA1 of "BATV secret fingerprint", by openssl
    assert config.keys == (
        Key(
            0,
            ("example.test", "*.example.test"),
            Use.SIGN,
            "c739cd85299e5095",
            created=date(2026, 11, 1),
            line=2,
        ),
        Key(
            1,
            ("example.test",),
            Use.VERIFY,
            "caae8fdd2963de83",
            created=date(2026, 1, 1),
            verify_until=date(2026, 12, 1),
            line=8,
        ),
    )
    assert pickle.loads(pickle.dumps(config.keys)) == config.keys  # noqa: S301


def test_what_a_vault_raises_is_raised() -> None:
    def sealed(name: str) -> bytes:
        raise PermissionError(name)

    with pytest.raises(PermissionError, match="mail/batv-0"):
        Config.parse(VAULT, sealed)
    no_bytes: Any = lambda _name: SECRET  # noqa: E731
    with pytest.raises(TypeError, match="the result of read_secret_file must be bytes, not str"):
        Config.parse(VAULT, no_bytes)
    with pytest.raises(ConfigError, match="no read_secret_file was given"):
        Config.parse(VAULT)


def test_a_surrogate_gives_no_secret_away() -> None:
    text = f'[[key]]\nsecret = "{SECRET}"\nfor = ["\ud800"]'
    given: Any
    for given in (text, {"secret": SECRET, "for": "\ud800"}):
        with pytest.raises(batv.ArgumentError, match="text: contains a surrogate") as caught:
            Config.parse(given)
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)


class Lifetime(int, Enum):
    """Whose members are numbers, but are not shown as such."""

    DAY = 1


def test_a_mapping_is_a_configuration() -> None:
    mapping = {
        "lifetime": 9,
        "key": [
            {"number": 0, "secret": SECRET, "for": ["example.test"], "created": date(2026, 11, 1)},
            {"number": 1, "secret": b"\xff" * 16, "for": ("example.test",), "use": "verify"},
        ],
        "policy": {"default-domain": "example.test", "sign-local": False, "reply": 'A "b\\c" ~'},
    }
    config = Config.parse(mapping)
    assert config.sign(ALICE, NOON) == batv.KeyRing({0: SECRET.encode()}, lifetime=9).sign(
        ALICE, NOON
    )
    old = batv.KeyRing({1: b"\xff" * 16}).sign(ALICE, NOON)
    assert config.verify(old, NOON).is_pass
    assert config.inbound("", ALICE, NOON).reply == '550 5.7.1 A "b\\c" ~'
    assert config.outbound(ALICE, [ALICE], NOON).reason is OutboundReason.LOCAL
    assert [key.created for key in config.keys] == [date(2026, 11, 1), None]
    day = Config.parse({**mapping, "lifetime": Lifetime.DAY})
    assert day.sign(ALICE, NOON)[6:9] == "780"

    with pytest.raises(ConfigError) as caught:
        Config.parse({"key": [{"number": 10, "secret": SECRET, "for": ["\x00\x7f\xff\n"]}]})
    assert [(fault.line, fault.setting) for fault in caught.value.faults] == [
        (None, "key[1].number"),
        (None, "key[1].for"),
    ]
    with pytest.raises(ConfigError, match=r"^unknown setting$"):
        Config.parse({"two\nlines": 1})
    wrong: Any
    for wrong in ({"lifetime": None}, {"lifetime": 1.5}, {1: 2}, {"key": {"a": object()}}):
        with pytest.raises(TypeError, match=r"a setting cannot be of type|the name of a setting"):
            Config.parse(wrong)
    for wrong in (None, 7, b"", ["key"]):
        with pytest.raises(TypeError, match="text must be str or a mapping, not "):
            Config.parse(wrong)


def test_weak_and_old_secrets_warn(write: Callable[[str], Path]) -> None:
    old = "created = 2000-01-01\n[[key]]\nnumber = 1"
    path = write(SITE.replace(SECRET, "15 octets of it").replace("[[key]]\nnumber = 1", old))
    with pytest.warns(BatvWarning) as caught:
        Config.open(path)
    texts = [str(warning.message) for warning in caught]
    weak = "the secret of key {} has fewer than 16 octets and may be guessed: rotate it"
    assert texts[0] == f"{path}: line 2: {weak.format(0)}"
    assert texts[1].startswith(f"{path}: line 2: the secret of key 0 is ")
    assert texts[1].endswith(
        "days old; after 900 days tags that have expired turn valid again: rotate it"
    )
    assert texts[2:] == [f"{path}: line 8: {weak.format(1)}"]
    assert {warning.filename for warning in caught} == {__file__}


def test_a_bad_file_says_all_that_is_wrong_and_no_secret(write: Callable[[str], Path]) -> None:
    path = write(SITE.replace("number = 0", "nummber = 0") + 'lifetime = "x"\n')
    with pytest.raises(ConfigError) as caught:
        Config.open(str(path))
    error = caught.value
    assert (error.path, error.errno, error.filename) == (str(path), None, None)
    assert [(fault.line, fault.setting) for fault in error.faults] == [
        (2, "key[1].number"),
        (3, "key[1].nummber"),
        (20, "policy.lifetime"),
    ]
    assert str(error).splitlines()[1].startswith(f"{path}:3: key[1].nummber: unknown setting")
    assert "rosebud" not in str(error) + repr(error) + repr(vars(error))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), vars(again)) == (str(error), vars(error))
    assert isinstance(error, batv.BatvError)


def test_a_text_that_is_bad() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.parse("lifetme = 7")
    text = "unknown setting; did you mean `lifetime`?"
    assert str(caught.value) == f"line 1: lifetme: {text}"
    assert (caught.value.path, caught.value.filename) == (None, None)
    assert caught.value.faults == (Fault(1, "lifetme", text),)


def test_a_message_is_short_whatever_was_passed(write: Callable[[str], Path]) -> None:
    long = "x" * 1_000_000
    given: Any
    for given in (long, Path(long)):
        with pytest.raises(batv.ArgumentError, match=r"^path: is longer than 4096 octets$"):
            Config.open(given)
    with pytest.raises(batv.ArgumentError, match=r"^path: contains a surrogate$"):
        Config.open("\ud800")
    key = {"number": 0, "secret": SECRET, "for": ["example.test"]}
    for given in (
        long,
        {long: 1},
        {"lifetime": long},
        {"key": [{**key, "for": [f"{long} {long}"]}]},
        {"key": [{**key, "secret-file": long}]},
        {"policy": {"exempt": [f"{long} {long}"], "reply": long}},
        {"key": [{"number": -1}] * 100_000},
    ):
        with pytest.raises(ConfigError) as caught:
            Config.parse(given)
        assert len(str(caught.value)) < 100_000
        assert len(repr(caught.value)) < 100_000
    path = write(f'[[key]]\nnumber = 0\nsecret-file = "{long}"\nfor = ["example.test"]\n')
    with pytest.raises(ConfigError, match="secret-file: is longer than 4096 octets"):
        Config.open(path)


def test_a_file_that_cannot_be_read(tmp_path: Path, site: Path) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match="No such file") as caught:
        Config.open(missing)
    error, cause = caught.value, caught.value.__cause__
    assert isinstance(cause, FileNotFoundError)
    assert (cause.errno, cause.filename) == (error.errno, error.filename) == (2, str(missing))
    site.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod o= ") as caught:
        Config.open(site)
    assert (caught.value.__cause__, caught.value.errno) == (None, None)
    assert [fault.line for fault in caught.value.faults] == [None]


def test_reloading_keeps_the_old_configuration_when_the_new_one_is_bad(
    write: Callable[[str], Path], config: Config
) -> None:
    assert config.refresh() is False
    write("nonsense")
    with pytest.raises(ConfigError):
        config.refresh()
    assert config.refresh() is False  # said once for each change
    with pytest.raises(ConfigError):
        config.reload()
    assert config.sign(ALICE, NOON) == SIGNED
    write(SITE.replace("example.test", "example.net"))
    assert config.refresh() is True
    assert config.sign(ALICE, NOON) == ALICE
    write(SITE)
    config.reload()
    assert config.sign(ALICE, NOON) == SIGNED


def test_no_view_holds_a_secret(config: Config, site: Path) -> None:
    assert repr(config) == f"Config('{site}')"
    assert config.path == str(site)
    with pytest.raises(TypeError, match="Config contains secrets and cannot be pickled"):
        pickle.dumps(config)
    for name in dir(config):
        assert "rosebud" not in repr(getattr(config, name))


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


def test_eight_threads_decide_while_the_file_is_loaded_again(
    write: Callable[[str], Path], config: Config
) -> None:
    other = SITE.replace(SECRET, "another-secret-of-the-site")
    signatures = {SIGNED, batv.KeyRing({0: b"another-secret-of-the-site"}).sign(ALICE, NOON)}
    done = Event()
    seen: set[str] = set()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def decide(_: int) -> None:
        while not done.is_set():
            seen.add(config.sign(ALICE, NOON))
            seen.add(config.outbound(ALICE, [BOB], NOON).mail_from)
            config.refresh()

    try:
        with ThreadPoolExecutor(8) as pool:
            threads = [pool.submit(decide, number) for number in range(8)]
            end = time.monotonic() + DEADLINE
            try:
                for turn in itertools.count():
                    write(SITE if turn % 2 else other)
                    config.reload()
                    if turn % 2 and turn > 200 and (seen == signatures or time.monotonic() > end):
                        break
            finally:
                done.set()
            for thread in threads:
                thread.result()
    finally:
        sys.setswitchinterval(interval)
    assert seen == signatures
    assert config.sign(ALICE, NOON) == SIGNED
