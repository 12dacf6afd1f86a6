"""Random policies and questions, most of them near some trouble, the same for the same seed.

Both are dictionaries as they travel to `batv-core/examples/decide.rs`; addresses are hexadecimal digits.
"""

from dataclasses import replace
from ipaddress import ip_network
from random import Random

import decisions
from decisions import Pattern, Policy, Question
from reference import DAY, Address, KeyRing, Settings, Unreadable, canonical, content, fold_text, parse, sign

NOON = 1_795_348_800
OURS = ["example.test", "own.test", "sub.example.test", "bücher.example", "x.test"]
FOREIGN = ["other.test", "example.test.other.test", "badexample.test", "b.sub.example.test", "test", "[192.0.2.9]"]
LITERALS = ["[127.0.0.1]", "[IPv6:::1]", "[IPv6:::ffff:127.0.0.1]"]
LOCAL_PARTS = [
    *("alice", "bob", "Alice", "ALICE", "mailer-daemon", "Mailer-Daemon", "postmaster", "abuse", "üser", "ÜSER"),
    *('"alice"', r'"al\ice"', '"al ice"', '"Al Ice"', 'al" "ice', r'"a\"b"', r'"a\\b"', '"a@b"', '""alice', '"a""b"'),
    *("a..b", ".a", "a.", '"a..b"', "a=b", "=", "==", "+", "a+b", "alice+list", "alice+", "list-bounces+x=y.test"),
    *("prvs=", "prvs=abc", "prvs==", "prvs=abc=alice", "PRVS=abc=alice", "prvs=alice", "prvs", "+prvs=0123456789"),
    *("SRS0=HHH=TT=other.test=carol", "srs1=HHH=x==HHH=TT=o.test=c", "SRS0+a", "a%b", "100%", "%x", "wow!", "!x"),
    *("SRS0=HHH=TT=other.test=carol+prvs=0786864c09", '"SRS0=HHH=TT=other.test=c c-prvs=0786864c09"'),
    *("a!b", "a/b", "-", "#", "x#y", "密", '"密 碼"', "K", "İ", "ß", "ΑΣ", "btv1==12301234bcd==alice"),
]
# What is put somewhere into an address.
TROUBLE = [
    *(
        "@",
        "<",
        ">",
        '"',
        '""',
        "\\",
        "(",
        ")",
        "(c)",
        " ",
        "\t",
        ",",
        ";",
        ":",
        "[",
        "]",
        ".",
        "..",
        "%",
        "!",
        "=",
        "+",
    ),
    *("\0", "\r", "\n", "\x7f", "\x01", "é", "É", "prvs=", "+prvs=", "=0123456789", "prvs=0123456789=", "@relay:"),
    *("@example.test", "%example.test", "example.test!", "@[127.0.0.1]", "%[127.0.0.1]", "other.test!", "@other.test"),
]
NULL_SENDERS = [
    *(
        "",
        "<>",
        "< >",
        " ",
        "<(c)>",
        "(c)",
        "<((c))>",
        r"<(\))>",
        "<(>",
        "<@a:>",
        "@a:",
        "<@a,@b:>",
        '<"">',
        '""',
        '<"" >',
    ),
    *("<@a:(c)>", '<@a:"">', "<@example.test>", '<""@example.test>', "<(c)@x>", "@", "<@>", "<<>>", "< <> >", "<<<>>>"),
    *("<\t>", "<\r\n>", '<" ">', "<@:>", "<@a", "<", ">", "<@[IPv6:::1]:>", "<@a:>x", '""""', "<@a:@b:>", "<@ a:>"),
    *('<"\\">', "<()()>", "<>()", "()<>", "<><>", '<"@x">', "<@a::>", "<@a.:>", "<@a..:>", "<@a,:>"),
]
REPLIES = [None, None, "See https://example.test/batv", "{reason}: no bounce of ours, {reason}", "{Reason} {}"]
PATTERNS = [
    *("alice@example.test", "bob@*", "postmaster@*", "abuse@example.test", "SRS0=*@example.test", "SRS0=*@*"),
    *("list-bounces+*@*", "other.test", "*@other.test", "*.other.test", "*.example.test", "own.test", "*", "ÜSER@*"),
    *('"al ice"@example.test', "al*@sub.example.test", "alice@[127.0.0.1]", "mailer-daemon@own.test", "x.TEST"),
]
NETWORKS = ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "127.0.0.0/8", "::1/128", "10.0.0.0/8"]
CLIENTS = [
    "192.0.2.9",
    "198.51.100.7",
    "198.51.100.8",
    "2001:db8::1",
    "::ffff:192.0.2.1",
    "127.0.0.1",
    "::1",
    "10.1.2.3",
]
SECRETS = [b"secret", b"another secret", b"\x00\xff" * 40, b"k"]


def to_hex(text: bytes | None) -> str | None:
    return None if text is None else text.hex()


# --- Policies ---------------------------------------------------------------------------------------


def policy(random: Random) -> dict:
    def some(things: list, most: int) -> list:
        return random.sample(things, random.randint(0, most)) if random.random() < 0.4 else []

    def sometimes(chance: float) -> bool:
        return random.random() < chance

    keys = random.sample(OURS, random.randint(1, 3))
    keys += ["*.example.test"] * sometimes(0.2) + ["*"] * sometimes(0.06) + ["alice@example.test"] * sometimes(0.2)
    keys += ['"al ice"@own.test'] * sometimes(0.1) + [random.choice(LITERALS)] * sometimes(0.15)
    monitor: bool | int | list = False
    if sometimes(0.3):
        monitor = random.choice([True, NOON, NOON + 1, NOON - 5 * DAY, random.sample(PATTERNS, 2)])
    return {
        "lifetime": random.choice([7, 7, 7, 1, 30, 99]),
        "delimiter": ord(random.choice("++++++-#/._")),
        "sub_address": sometimes(0.25),
        "exact": sometimes(0.2),
        "long_local_parts": sometimes(0.2),
        "keys": [ring(random, name) for name in dict.fromkeys(keys)],
        "default_domain": random.choice([None, None, "example.test", "EXAMPLE.test.", "own.test", "other.test"]),
        "percent_hack": sometimes(0.75),
        "bang_path": sometimes(0.75),
        "exempt": some(PATTERNS, 3),
        "sign_local": sometimes(0.6),
        "untagged_destinations": some(PATTERNS, 3),
        "untagged_clients": some(NETWORKS, 2),
        "internal_networks": some(NETWORKS, 3),
        "bounce_senders": some(PATTERNS, 2),
        "refuse_tagged_mail": sometimes(0.3),
        "one_recipient": sometimes(0.3),
        "monitor": monitor,
        "reply": random.choice(REPLIES),
    }


def ring(random: Random, name: str) -> dict:
    numbers = random.sample(range(10), random.randint(1, 3))
    signing = str(numbers[0]) if random.random() < 0.9 else None
    return {
        "for": name,
        "secrets": {str(number): random.choice(SECRETS).hex() for number in numbers},
        "signing": signing,
    }


def read_policy(case: dict) -> Policy:
    """The reference's form of a policy."""

    def patterns(name: str) -> list[Pattern]:
        return [Pattern.parse(text.encode()) for text in case[name]]

    settings = Settings(
        lifetime=case["lifetime"],
        syntax="sub-address" if case["sub_address"] else "prefix",
        delimiter=bytes([case["delimiter"]]),
        exact=case["exact"],
        long_local_parts=case["long_local_parts"],
    )
    keys = []
    for key in case["keys"]:
        secrets = {int(number): bytes.fromhex(secret) for number, secret in key["secrets"].items()}
        signing = None if key["signing"] is None else int(key["signing"])
        keys.append((Pattern.parse(key["for"].encode()), KeyRing(secrets, signing)))
    return Policy(
        settings=settings,
        keys=keys,
        default_domain=case["default_domain"] and case["default_domain"].encode(),
        untagged_clients=[ip_network(text) for text in case["untagged_clients"]],
        internal_networks=[ip_network(text) for text in case["internal_networks"]],
        monitor=patterns("monitor") if isinstance(case["monitor"], list) else case["monitor"],
        **{name: patterns(name) for name in ("exempt", "untagged_destinations", "bounce_senders")},
        **{name: case[name] for name in ("percent_hack", "bang_path", "sign_local", "refuse_tagged_mail")},
        **{name: case[name] for name in ("one_recipient", "reply")},
    )


# --- Addresses --------------------------------------------------------------------------------------


class Addresses:
    """Addresses that are worth asking about under a policy."""

    def __init__(self, random: Random, policy: Policy) -> None:
        self.random = random
        self.policy = policy

    def sometimes(self, chance: float) -> bool:
        return self.random.random() < chance

    def local_part(self) -> str:
        if self.sometimes(0.1):
            return self.random.choice("aé") * self.random.randint(44, 52)
        if self.sometimes(0.05):
            return '"' + "\\a" * self.random.randint(44, 52) + '"'
        if self.sometimes(0.05):
            return "alice+" + "v" * self.random.randint(40, 46)
        return self.random.choice(LOCAL_PARTS)

    def domain(self) -> str:
        kind = self.random.random()
        if kind < 0.7:
            names = [pattern.domain.decode().removeprefix("*.") for pattern, _ in self.policy.keys]
            return self.random.choice([name for name in names if name != "*"] or OURS)
        return self.random.choice(OURS if kind < 0.8 else FOREIGN if kind < 0.9 else LITERALS)

    def plain(self) -> bytes:
        local_part = "alice" if self.sometimes(0.3) else self.local_part()
        return f"{local_part}@{self.domain()}".encode()

    def tag(self, text: bytes) -> bytes:
        """Signed by the policy's own keys, in time or not, or by nobody."""
        random, settings = self.random, self.policy.settings
        try:
            address = parse(text)
        except Unreadable:
            return text
        ring = self.policy.ring(address)
        if self.sometimes(0.3):
            settings = replace(settings, syntax=random.choice(["prefix", "sub-address"]), exact=self.sometimes(0.5))
        settings = replace(settings, long_local_parts=True)
        time = NOON + random.choice([0, 0, 0, -1, 1, -7, -8, -20, 40, 94, 95, 200]) * DAY
        signed = sign(ring, settings, address, time) if ring and self.sometimes(0.8) else "nobody"
        if isinstance(signed, bytes):
            return signed
        value = "".join(random.choice("0123456789") for _ in range(4)) + f"{random.getrandbits(24):06x}"
        if self.sometimes(0.15):
            value = random.choice([value[1:], value[:-1], value + "0", value[:-1] + "g", "x" + value[1:], "", "abc"])
        quote, local_part = (b'"', address.local_part[1:]) if text.startswith(b'"') else (b"", address.local_part)
        tag = random.choice(["prvs={}=", "prvs={}=", "PRVS={}=", "prvs={}=prvs={}=", "btv1=={}4==", "msprvs1={}abc="])
        local_part = quote + tag.replace("{}", value).encode() + local_part
        if self.sometimes(0.3):
            delimiter = random.choice([self.policy.settings.delimiter.decode(), "+"])
            before, behind = random.choice(
                [("", f"{delimiter}prvs={value}"), ("prvs=", f"={value}"), ("prvs=", f"/{value}")]
            )
            local_part = before.encode() + address.local_part + behind.encode()
        return replace(address, local_part=local_part).text

    def damaged(self, text: bytes) -> bytes:
        """One thing of a tag or an address is another, as strangers write it or relays."""
        random = self.random
        kind = random.randrange(8)
        at = random.randrange(len(text) + 1)
        if kind == 0:
            return text[:at] + text[at + 1 :]
        if kind == 1:
            return text.upper()
        if kind == 2:
            return text[:at] + bytes([random.randrange(256)]) + text[at + 1 :]
        if kind == 3:
            return text[:at] + random.choice(TROUBLE).encode() + text[at:]
        if kind == 4:
            return text.swapcase()
        if kind == 5:
            local_part, _, domain = text.rpartition(b"@")
            escaped = b"".join(
                b"\\" + bytes([octet]) if random.random() < 0.3 else bytes([octet]) for octet in local_part
            )
            return b'"' + escaped + b'"@' + domain
        if kind == 6 and text[at : at + 1] not in (b"", b"@"):
            return text[:at] + b'"' + text[at : at + 1] + b'"' + text[at + 1 :]
        return text.decode(errors="replace").swapcase().encode()

    def spelt(self, text: bytes) -> bytes:
        """A spelling that some server delivers to the same mailbox."""
        random = self.random
        local_part, _, domain = text.rpartition(b"@")
        ours = random.choice(OURS + LITERALS + FOREIGN[:1]).encode()
        spellings = [
            text,
            text + b".",
            local_part + b"@" + domain.upper(),
            local_part + b"@" + domain.decode(errors="replace").upper().encode() + b".",
            local_part,
            local_part + b"%" + domain,
            local_part + b"%" + domain + b".",
            local_part + b"%" + domain + b"@" + ours,
            domain + b"!" + local_part,
            domain + b"!" + local_part + b"@" + ours,
            domain + b"!" + local_part + b"%" + ours,
            b'"' + text + b'"@' + ours,
            b'"' + local_part + b'"@' + domain,
            b'"' + local_part + b"%" + domain + b'"@' + ours,
            b'"' + domain + b"!" + local_part + b'"@' + ours,
            b'"' + local_part + b'"%' + domain,
            b'"' + text + b'"%' + ours,
            b"@relay:" + text,
            b"@relay,@[IPv6:::1]:" + text,
            b"@[127.0.0.1].:" + local_part,
            local_part + b"@" + random.choice(LITERALS).encode() + random.choice([b"", b"."]),
            local_part + b"%" + random.choice(LITERALS).encode() + random.choice([b"", b"."]),
            random.choice(LITERALS).encode() + b"!" + local_part,
            b" " + text + b" ",
            text + b" (hi)",
            b"Alice <" + text + b">",
            b"<" + text + b">",
            local_part + b' @"' + domain + b'"',
            text + b"@" + domain,
            text + b",",
            b"x:" + text + b";",
            text + b"..",
            b"(c)" + text,
        ]
        return random.choice(spellings)

    def any(self) -> bytes:
        text = self.plain()
        for chance in (0.5, 0.1, 0.1):
            if self.sometimes(chance):
                text = self.tag(text)
        if self.sometimes(0.2):
            text = self.damaged(text)
        for chance in (0.35, 0.1):
            if self.sometimes(chance):
                text = self.spelt(text)
        if self.sometimes(0.1):
            text = self.damaged(text)
        return b"<" + text + b">" if self.sometimes(0.4) else text

    def sender(self) -> bytes:
        return self.random.choice(NULL_SENDERS).encode() if self.sometimes(0.15) else self.any()

    def resolved(self, text: bytes) -> bytes | None:
        """A server's reading: mostly of the text, and in lower case."""
        kind = self.random.random()
        if kind < 0.45:
            return None
        if kind < 0.5:
            return b""
        if kind < 0.6:
            return self.any()
        try:
            address = decisions.read_text(self.policy, text)
        except Unreadable:
            return self.tag(self.plain())
        if address.domain is None:
            return address.local_part
        if kind < 0.65:
            return address.text
        return server_reading(address)


def server_reading(address: Address) -> bytes:
    quoted = b'"' if content(address.local_part).startswith(b".") or b".." in address.local_part else b""
    local_part = canonical(address.local_part)
    if quoted and not local_part.startswith(b'"'):
        local_part = quoted + local_part + quoted
    return fold_text(local_part) + b"@" + fold_text(address.domain)


# --- Questions --------------------------------------------------------------------------------------


def question(random: Random, policy: Policy) -> dict:
    addresses = Addresses(random, policy)
    kind = random.random()
    if kind < 0.05:
        return {"ask": "strip", "text": to_hex(addresses.any())}
    if kind < 0.1:
        return {"ask": "original", "text": to_hex(addresses.any())}
    if kind < 0.15:
        return {"ask": "verify", "text": to_hex(addresses.any()), "time": NOON}
    envelope = {
        "time": random.choice([NOON, NOON, NOON, NOON - 1, NOON + DAY, 0, 2**64 - 1, 21_000 * DAY]),
        "client": random.choice(CLIENTS) if random.random() < 0.4 else None,
        "trusted": random.random() < 0.1,
        "queue": random.choice([None, "34587a", "", b"a b".hex(), "c3a93e"]),
    }
    sender = addresses.sender()
    if kind < 0.4:
        recipients = [addresses.any().hex() for _ in range(random.choice([0, 0, 1, 1, 2, 3]))]
        resolved = addresses.resolved(sender)
        return {
            "ask": "outbound",
            "mail_from": to_hex(sender),
            "mail_from_resolved": to_hex(resolved),
            "recipients": recipients,
            **envelope,
        }
    if random.random() < 0.6:
        sender = random.choice(NULL_SENDERS[:2] if random.random() < 0.7 else NULL_SENDERS).encode()
    recipient = addresses.any()
    return {
        "ask": "inbound",
        "mail_from": to_hex(sender),
        "mail_from_resolved": to_hex(addresses.resolved(sender) if random.random() < 0.4 else None),
        "rcpt_to": to_hex(recipient),
        "rcpt_resolved": to_hex(addresses.resolved(recipient)),
        "recipients_before": random.choice([0, 0, 0, 1, 7]),
        **envelope,
    }


def read_question(case: dict) -> Question:
    """The reference's form of a question about a message or a recipient."""

    def octets(name: str) -> bytes | None:
        text = case.get(name)
        return None if text is None else bytes.fromhex(text)

    return Question(
        mail_from=octets("mail_from"),
        mail_from_resolved=octets("mail_from_resolved"),
        recipients=[bytes.fromhex(text) for text in case.get("recipients", [])],
        rcpt_to=octets("rcpt_to"),
        rcpt_resolved=octets("rcpt_resolved"),
        recipients_before=case.get("recipients_before", 0),
        **{name: case[name] for name in ("time", "client", "trusted")},
    )
