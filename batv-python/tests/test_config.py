"""The configuration file: loading, reloading, deciding."""

import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

import batv
import pytest
from batv import Config, ConfigError, Inbound, InboundReason, Outbound, OutboundReason, Verdict
from conftest import SECRET, SITE

NOON = 1_795_348_800
DAY = 86_400
ALICE = "alice@example.test"
BOB = "bob@example.org"
KEYS = batv.KeyRing({0: SECRET.encode()})
SIGNED = KEYS.sign(ALICE, NOON)


@pytest.fixture
def config(site: Path) -> Config:
    return Config.load(site)


def test_sign_and_verify_by_the_key_of_the_address(config: Config) -> None:
    assert config.sign(ALICE, NOON) == SIGNED
    assert config.sign(f"<{ALICE}>".encode(), at=NOON) == f"<{SIGNED}>".encode()
    for unsigned in ("<>", "", BOB, "carol@old.test", SIGNED):
        assert config.sign(unsigned, NOON) is unsigned
    assert config.verify(SIGNED, NOON) == KEYS.verify(SIGNED, NOON)
    assert config.verify(SIGNED.replace("example.test", "example.org"), NOON).verdict == (
        Verdict.UNKNOWN_KEY
    )
    with pytest.raises(batv.TooLongError):
        config.sign("a" * 60 + "@example.test", NOON)
    for call in (config.sign, config.verify):
        with pytest.raises(batv.AddressError):
            call("alice", NOON)


@pytest.mark.parametrize(
    ("sender", "recipients", "reason"),
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
        ("carol@old.test", [BOB], OutboundReason.NO_SIGNING_KEY),
    ],
)
def test_outbound(
    config: Config, sender: str, recipients: list[Any], reason: OutboundReason
) -> None:
    signed = reason is OutboundReason.SIGNED
    expected = SIGNED if signed else sender
    assert config.outbound(sender, recipients, NOON) == Outbound(expected, reason)
    octets = config.outbound(f"<{sender}>".encode(), iter(recipients), at=NOON)
    assert octets.sender == f"<{expected}>".encode() or reason is OutboundReason.NULL_SENDER
    assert octets.reason is reason or reason is OutboundReason.NULL_SENDER


REFUSAL = "550 5.7.1 Not a bounce of mail sent from here (BATV: "


@pytest.mark.parametrize(
    ("sender", "recipient", "reason", "original", "reply"),
    [
        ("<>", SIGNED, InboundReason.PASS, ALICE, None),
        ("<>", f"<{SIGNED}>", InboundReason.PASS, f"<{ALICE}>", None),
        ("mailer-daemon@mx.example", SIGNED, InboundReason.PASS, ALICE, None),
        (BOB, SIGNED, InboundReason.NOT_A_BOUNCE, ALICE, None),
        (BOB, ALICE, InboundReason.NOT_A_BOUNCE, None, None),
        ("", BOB, InboundReason.NOT_OURS, None, None),
        ("", "alice", InboundReason.UNREADABLE, None, None),
        ("", "postmaster@example.test", InboundReason.EXEMPT, None, None),
        ("", "a" * 60 + "@example.test", InboundReason.TOO_LONG, None, None),
        ("", ALICE, InboundReason.MISSING, None, f"{REFUSAL}the address has no tag)"),
        ("", f"prvs=x={ALICE}", InboundReason.MALFORMED, None, f"{REFUSAL}the tag is malformed)"),
        (
            "",
            f"prvs=7{SIGNED[6:]}",
            InboundReason.UNKNOWN_KEY,
            None,
            f"{REFUSAL}the tag has an unknown key)",
        ),
        (
            "",
            f"prvs=0123abcdef={ALICE}",
            InboundReason.BAD_SIGNATURE,
            None,
            f"{REFUSAL}the tag is forged)",
        ),
    ],
)
def test_inbound(
    config: Config,
    sender: str,
    recipient: str,
    reason: InboundReason,
    original: str | None,
    reply: str | None,
) -> None:
    expected = Inbound(original or recipient, reply, reason, monitored=False)
    assert config.inbound(sender, recipient, NOON) == expected
    octets = config.inbound(sender.encode(), recipient.encode(), at=NOON)
    assert octets == Inbound(expected.recipient.encode(), reply, reason, monitored=False)


def test_an_expired_tag(config: Config) -> None:
    decision = config.inbound("", SIGNED, NOON + 8 * DAY)
    assert decision.reason is InboundReason.EXPIRED
    assert decision.reply == "550 5.7.1 This bounce comes too late (BATV: the tag has expired)"


@pytest.mark.parametrize(
    "client", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1%eth0", ip_address("192.0.2.7")]
)
def test_listed_clients(config: Config, client: Any) -> None:
    assert config.inbound("", ALICE, NOON, client=client).reason is InboundReason.CLIENT
    assert config.inbound("", ALICE, NOON, trusted=True).reason is InboundReason.CLIENT
    assert config.inbound("", ALICE, NOON, client="198.51.100.1").reason is InboundReason.MISSING


def test_what_is_no_client(config: Config) -> None:
    for client in ("", "mx.example.org", "192.0.2.256", "192.0.2.0/24"):
        with pytest.raises(batv.ClientError, match="client is no IP address") as caught:
            config.inbound("", ALICE, NOON, client=client)
        assert caught.value.client == client
        assert vars(pickle.loads(pickle.dumps(caught.value))) == vars(caught.value)  # noqa: S301


def test_one_address_is_no_iterable_of_recipients(config: Config) -> None:
    recipients: Any
    for recipients in (BOB, BOB.encode()):
        with pytest.raises(TypeError, match="recipients must be an iterable of addresses, not"):
            config.outbound(ALICE, recipients, NOON)


def test_settings_of_the_policy(write: Callable[[str], Path]) -> None:
    config = Config.load(write(f"{SITE}refuse-tagged-mail = true\none-recipient = true\n"))
    assert config.inbound(BOB, SIGNED, NOON).reason is InboundReason.TAGGED_MAIL
    second = config.inbound("", SIGNED, NOON, recipients_before=1)
    assert (second.reason, second.reply) == (
        InboundReason.SECOND_RECIPIENT,
        "550 5.7.1 A bounce has exactly one recipient",
    )
    write(f"{SITE}monitor = true\n")
    config.reload()
    expected = Inbound(ALICE, None, InboundReason.MISSING, monitored=True)
    assert config.inbound("", ALICE, NOON) == expected


def test_a_bad_file_says_all_that_is_wrong_and_no_secret(write: Callable[[str], Path]) -> None:
    path = write(SITE.replace("number = 0", "nummber = 0") + 'lifetime = "x"\n')
    with pytest.raises(ConfigError) as caught:
        Config.load(str(path))
    error = caught.value
    assert error.path == str(path)
    assert [(problem.line, problem.key) for problem in error.problems] == [
        (2, "key[1].number"),
        (3, "key[1].nummber"),
        (18, "policy.lifetime"),
    ]
    assert str(error).splitlines()[1].startswith(f"{path}:3: key[1].nummber: unknown key")
    assert "rosebud" not in str(error) + repr(error) + repr(vars(error))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), vars(again)) == (str(error), vars(error))
    assert isinstance(error, batv.BatvError)


def test_a_file_that_cannot_be_read(tmp_path: Path, site: Path) -> None:
    with pytest.raises(ConfigError, match="No such file") as caught:
        Config.load(tmp_path / "none.toml")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    site.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod o= ") as caught:
        Config.load(site)
    assert caught.value.__cause__ is None
    assert [problem.line for problem in caught.value.problems] == [None]


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
    with pytest.raises(TypeError, match="Config holds secrets and cannot be pickled"):
        pickle.dumps(config)
    for name in dir(config):
        assert "rosebud" not in repr(getattr(config, name))


def test_decisions_are_values(config: Config) -> None:
    for decision in (config.outbound(ALICE, [BOB], NOON), config.inbound("", SIGNED, NOON)):
        again = pickle.loads(pickle.dumps(decision))  # noqa: S301
        assert again == decision
        assert hash(again) == hash(decision)
        frozen: Any = decision
        with pytest.raises(AttributeError):
            frozen.reason = None


def test_eight_threads_decide_while_the_file_is_loaded_again(
    write: Callable[[str], Path], config: Config
) -> None:
    other = SITE.replace(SECRET, "another-secret-of-the-site")
    signatures = {SIGNED, batv.KeyRing({0: b"another-secret-of-the-site"}).sign(ALICE, NOON)}
    done = Event()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def decide(_: int) -> set[str]:
        seen = set()
        while not done.is_set():
            seen.add(config.sign(ALICE, NOON))
            seen.add(config.outbound(ALICE, [BOB], NOON).sender)
            config.refresh()
        return seen

    try:
        with ThreadPoolExecutor(8) as pool:
            threads = [pool.submit(decide, number) for number in range(8)]
            for turn in range(200):
                write(SITE if turn % 2 else other)
                config.reload()
            done.set()
            seen = set().union(*(thread.result() for thread in threads))
    finally:
        done.set()
        sys.setswitchinterval(interval)
    assert seen == signatures
    assert config.sign(ALICE, NOON) == SIGNED
