"""The decisions of `reference.py`: what an address is read as, and what is done about it."""

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_address

from reference import (
    Address,
    KeyRing,
    Octet,
    Settings,
    Tagged,
    Unreadable,
    canonical,
    content,
    days_left,
    fold,
    fold_text,
    inside_brackets,
    is_literal,
    is_malformed,
    is_too_long,
    prefix_value,
    read_domain,
    scan,
    sign,
    sub_address_value,
    tagged,
    verify,
    without_dot,
)

Network = IPv4Network | IPv6Network


# --- Patterns ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """`user@example.com`, `user@*`, `SRS0=*@example.com`, `example.com`, `*.example.com`, `*`."""

    local_part: bytes
    domain: bytes

    @staticmethod
    def parse(text: bytes) -> "Pattern":
        local_part, _, domain = text.rpartition(b"@")
        return Pattern(fold_text(local_part or b"*"), fold_text(without_dot(domain)))

    def matches_domain(self, domain: bytes | None) -> bool:
        if self.domain == b"*":
            return True
        if domain is None:
            return False
        folded = fold_text(without_dot(domain))
        if self.domain.startswith(b"*."):
            return folded.endswith(self.domain[1:]) and folded != self.domain[1:]
        return folded == self.domain

    def matches(self, address: Address) -> bool:
        meant = fold_text(content(address.local_part))
        if self.local_part.endswith(b"*"):
            local_part = meant.startswith(self.local_part[:-1])
        else:
            local_part = meant == content(self.local_part)
        return local_part and self.matches_domain(address.domain)

    @property
    def rank(self) -> tuple[int, int]:
        """The most specific is the greatest: address, domain, the nearest domain above, `user@*`, `*`."""
        if self.domain == b"*":
            return (0 if self.local_part == b"*" else 1), 0
        if self.domain.startswith(b"*."):
            return 2, len(self.domain)
        return (3 if self.local_part == b"*" else 4), 0


def match_any(patterns: list[Pattern], address: Address) -> bool:
    return any(pattern.matches(address) for pattern in patterns)


# --- Policies and questions -------------------------------------------------------------------------


@dataclass
class Policy:
    settings: Settings = field(default_factory=Settings)
    keys: list[tuple[Pattern, KeyRing]] = field(default_factory=list)
    default_domain: bytes | None = None
    percent_hack: bool = True
    bang_path: bool = True
    exempt: list[Pattern] = field(default_factory=list)
    sign_local: bool = True
    untagged_destinations: list[Pattern] = field(default_factory=list)
    untagged_clients: list[Network] = field(default_factory=list)
    internal_networks: list[Network] = field(default_factory=list)
    bounce_senders: list[Pattern] = field(default_factory=list)
    refuse_tagged_mail: bool = False
    one_recipient: bool = False
    monitor: bool | int | list[Pattern] = False
    reply: str | None = None

    def ring(self, address: Address) -> KeyRing | None:
        found = [(pattern.rank, ring) for pattern, ring in self.keys if pattern.matches(address)]
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def is_ours(self, domain: bytes) -> bool:
        """Whether the domain has keys, or an address of it."""
        return any(pattern.matches_domain(domain) for pattern, _ in self.keys)


@dataclass
class Question:
    mail_from: bytes
    time: int
    mail_from_resolved: bytes | None = None
    client: str | None = None
    trusted: bool = False
    # Of mail that leaves.
    recipients: list[bytes] = field(default_factory=list)
    # Of mail that comes.
    rcpt_to: bytes | None = None
    rcpt_resolved: bytes | None = None
    recipients_before: int = 0


def is_client_in(networks: list[Network], client: str | None) -> bool:
    if client is None:
        return False
    address = ip_address(client)
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


# --- How an address is read -------------------------------------------------------------------------


def without_route(path: bytes) -> bytes:
    """`@relay,@[IPv6:::1]:` comes off: whatever it names, up to the first colon outside brackets and comments."""
    literal, at = False, 0
    while path.startswith(b"@") and at < len(path):
        if path[at] in b"[]":
            literal = path[at] == ord("[")
        if path[at] == ord(":") and not literal:
            return path[at + 1 :]
        at = behind_comment(path, at) if path[at] == ord("(") else at + 1
    return path


def behind_comment(text: bytes, at: int) -> int:
    """The end of the comment that begins there; one that is not closed has the rest."""
    depth = 0
    while at < len(text):
        if text[at] == ord("\\"):
            at += 1
        elif text[at] in b"()":
            depth += 1 if text[at] == ord("(") else -1
        at += 1
        if not depth:
            break
    return at


def meaning(octets: tuple[Octet, ...]) -> bytes:
    return bytes(octet.value for octet in octets)


def rewritten(policy: Policy, user: bytes, site: bytes) -> tuple[bytes, bytes] | None:
    """The user must be somebody, also when tags come off, and the site a domain."""
    try:
        meant = meaning(scan(user, literals=True)[0])
        rest = meant[16:] if prefix_value(meant) else meant
        nobody = rest == b"" or (len(rest) == 16 and sub_address_value(rest, policy.settings.delimiter))
        return None if nobody else (user, read_domain(site))
    except Unreadable:
        return None


def in_quotes(local_part: bytes) -> bytes:
    meant = meaning(scan(local_part, literals=True)[0])
    return b'"' + meant.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def split(policy: Policy, local_part: bytes) -> tuple[bytes, bytes] | None:
    """User and site of `site!user`, `user%site` and `"user@site"`, quoted or not."""
    octets, _ = scan(local_part, literals=True)
    meant = meaning(octets)
    quoted_at = meant.rfind(b"@") if b'"' in local_part else -1
    bang, percent = meant.find(b"!"), max(meant.rfind(b"%"), quoted_at)
    found = None
    if policy.bang_path and bang >= 0:
        quote = b'"' if octets[bang].quoted else b""
        found = rewritten(policy, quote + local_part[octets[bang].end :], meant[:bang])
    elif policy.percent_hack and percent >= 0:
        quote = b'"' if octets[percent].quoted else b""
        found = rewritten(policy, local_part[: octets[percent].start] + quote, meant[percent + 1 :])
    return found


def at_default(policy: Policy, domain: bytes | None, bounce: bool) -> bytes | None:
    """What has no domain is of the default domain, and so is a bounce to a literal without keys."""
    literal = domain is not None and is_literal(domain)
    if domain is None or (bounce and literal and not policy.is_ours(domain)):
        return without_dot(policy.default_domain) if policy.default_domain else domain
    return domain


def read_text(policy: Policy, text: bytes, bounce: bool = False) -> Address:
    """The text of a command. The domain is None where there is none."""
    brackets, path = inside_brackets(text)
    path = without_route(path)
    _, at = scan(path, literals=True)
    local_part = path[:at]
    domain = read_domain(path[at + 1 :]) if at < len(path) else None
    while domain is None or policy.is_ours(at_default(policy, domain, bounce)):
        found = split(policy, local_part)
        if not found:
            break
        local_part, domain = found
        if b'"' in path[:at]:
            local_part = in_quotes(local_part)
    if not content(local_part) or (has_literal(path[:at]) and b"[" in content(local_part)):
        raise Unreadable
    return somewhere(policy, Address(local_part, at_default(policy, domain, bounce), brackets))


def has_literal(local_part: bytes) -> bool:
    """An address literal stands before a mark or behind it, and nowhere else."""
    try:
        scan(local_part)
        return False
    except Unreadable:
        return True


def somewhere(policy: Policy, address: Address) -> Address:
    """What has no domain is a name, but not where the server may find a domain in it."""
    marks = b"!" * policy.bang_path + b"%@" * policy.percent_hack
    if address.domain is None and any(octet in marks for octet in content(address.local_part)):
        raise Unreadable
    return address


def read_resolved(policy: Policy, text: bytes, bounce: bool = False) -> Address:
    """The server's own reading, which is past all that."""
    brackets, path = inside_brackets(text)
    octets, at = scan(path)
    if not octets:
        raise Unreadable
    domain = read_domain(path[at + 1 :]) if at < len(path) else None
    return somewhere(policy, Address(path[:at], at_default(policy, domain, bounce), brackets))


def read(policy: Policy, text: bytes, resolved: bytes | None, bounce: bool = False) -> Address:
    """The server's reading says whose mailbox it is; the text is kept where it names the same one."""
    return in_sight(policy, chosen(policy, text, resolved, bounce))


def chosen(policy: Policy, text: bytes, resolved: bytes | None, bounce: bool) -> Address:
    if resolved is None:
        return read_text(policy, text, bounce)
    server = replace(read_resolved(policy, resolved, bounce), brackets=text.startswith(b"<"))
    try:
        command = read_text(policy, text, bounce)
    except Unreadable:
        return server
    return command if command.mailbox == server.mailbox else server


def remains(text: bytes) -> bytes:
    """What is left of a sender without white space, comments, a source route and empty quotes."""
    left, at = b"", 0
    while at < len(text):
        end = at + 1
        if text[at] == ord("("):
            end = behind_comment(text, at)
        elif text[at] == ord('"'):
            while end < len(text) and text[end] != ord('"'):
                end += 2 if text[end] == ord("\\") else 1
            end += 1
            if text[at:end] != b'""':
                left += text[at:end]
        elif text[at] not in b" \t\r\n":
            left += text[at:end]
        at = end
    return without_route(left.strip(b"<>"))


def is_null(question: Question) -> bool:
    """Nothing is left, or an empty local-part, which Postfix makes mailer-daemon's."""
    resolved = question.mail_from_resolved
    left = remains(question.mail_from if resolved is None else resolved)
    return left == b"" or left.startswith(b"@")


def is_bounce(policy: Policy, question: Question) -> bool:
    if is_null(question):
        return True
    try:
        sender = read(policy, question.mail_from, question.mail_from_resolved)
    except Unreadable:
        return False
    mailer_daemon = fold(content(sender.local_part)) == b"mailer-daemon"
    return mailer_daemon or match_any(policy.bounce_senders, sender)


# --- Mail that leaves -------------------------------------------------------------------------------


def tag_of(policy: Policy, address: Address) -> Tagged | None:
    return tagged(address, policy.settings.delimiter)


def in_sight(policy: Policy, address: Address) -> Address:
    """Needless quotes and escapes hide no tag: the server takes them off."""
    plain = replace(address, local_part=canonical(address.local_part))
    shown = tag_of(policy, plain) or is_malformed(plain)
    return plain if shown and not tag_of(policy, address) else address


def original_of(policy: Policy, address: Address) -> Address:
    tag = tag_of(policy, address)
    return tag.original if tag else address


def outbound(policy: Policy, question: Question) -> dict:
    def leave(reason: str, key_number: int | None = None) -> dict:
        return {"action": "leave", "reason": reason, "signed": None, "key_number": key_number}

    if is_null(question):
        return leave("null-sender")
    try:
        sender = read(policy, question.mail_from, question.mail_from_resolved)
    except Unreadable:
        return leave("unreadable")
    if sender.domain is None:
        return leave("unreadable")
    original = original_of(policy, sender)
    ring = policy.ring(original)
    if ring is None:
        return leave("not-ours")
    if match_any(policy.exempt, original):
        return leave("exempt")
    internal = question.trusted or is_client_in(policy.internal_networks, question.client)
    if question.client is not None and not internal:
        return leave("not-internal")
    readings = [destination(policy, recipient) for recipient in question.recipients]
    if any(match_any(policy.untagged_destinations, reading) for reading in readings if reading):
        return leave("untagged-destination")
    local = [reading and policy.ring(reading) for reading in readings]
    if not policy.sign_local and local and all(local):
        return leave("local")
    signed = sign(ring, policy.settings, sender, question.time)
    if isinstance(signed, str):
        return leave(signed)
    return {"action": "sign", "reason": "signed", "signed": signed, "key_number": ring.signing}


def destination(policy: Policy, text: bytes) -> Address | None:
    """A recipient behind its tag, if it is at a domain that can be read."""
    try:
        address = read(policy, text, None)
    except Unreadable:
        return None
    return original_of(policy, address) if address.domain is not None else None


# --- Mail that comes --------------------------------------------------------------------------------


def inbound(policy: Policy, question: Question) -> dict:
    bounce = is_bounce(policy, question)
    resolved = question.rcpt_resolved if inside_brackets(question.rcpt_resolved or b"")[1] else None
    client = question.trusted or is_client_in(policy.untagged_clients + policy.internal_networks, question.client)
    try:
        recipient = read(policy, question.rcpt_to, resolved, bounce)
    except Unreadable:
        return inbound_unreadable(policy, question, resolved or question.rcpt_to, bounce, client)
    if recipient.domain is None:
        return accept("not-ours")
    tag = tag_of(policy, recipient)
    original = tag.original if tag else recipient
    ring = policy.ring(original)
    if ring is None:
        return accept("not-ours")
    if client:
        return accept("client", tag, question)
    if match_any(policy.exempt, original):
        return accept("exempt", tag, question)
    monitored = is_monitored(policy, question, original)
    if not bounce:
        if policy.refuse_tagged_mail and tag:
            return refuse(policy, question, "tagged-mail", monitored, tag)
        return accept("not-a-bounce", tag, question)
    verdict = verify(ring, policy.settings, recipient, question.time)
    if verdict == "missing" and is_too_long(recipient, policy.settings):
        verdict = "too-long"
    if verdict not in ("pass", "too-long"):
        return refuse(policy, question, verdict, monitored, tag)
    if policy.one_recipient and question.recipients_before:
        return refuse(policy, question, "second-recipient", monitored, tag)
    return accept(verdict, tag, question)


def inbound_unreadable(policy: Policy, question: Question, text: bytes, bounce: bool, client: bool) -> dict:
    path = inside_brackets(text)[1]
    domain = at_default(policy, None, bounce)
    if b"@" in path:
        try:
            domain = at_default(policy, read_domain(path.rpartition(b"@")[2]), True)
        except Unreadable:
            domain = None
    if domain is not None and not policy.is_ours(domain):
        return accept("not-ours")
    if client:
        return accept("client")
    if domain and any(pattern.local_part == b"*" and pattern.matches_domain(domain) for pattern in policy.exempt):
        return accept("exempt")
    if not bounce:
        return accept("not-a-bounce")
    monitored = is_monitored(policy, question, None, domain)
    return refuse(policy, question, "unreadable", monitored, None)


def is_monitored(policy: Policy, question: Question, address: Address | None, domain: bytes | None = None) -> bool:
    monitor = policy.monitor
    if isinstance(monitor, bool):
        return monitor
    if isinstance(monitor, int):
        return question.time < monitor
    if address:
        return match_any(monitor, address)
    return bool(domain) and any(pattern.local_part == b"*" and pattern.matches_domain(domain) for pattern in monitor)


def answer(action: str, reason: str, monitored: bool, tag: Tagged | None, time: int) -> dict:
    return {
        "action": action,
        "reason": reason,
        "monitored": monitored,
        "original": None,
        "reply": None,
        "key_number": tag.key_number if tag else None,
        "days_left": days_left(tag.day, time) if tag else None,
    }


def accept(reason: str, tag: Tagged | None = None, question: Question | None = None, monitored: bool = False) -> dict:
    """What is accepted is delivered to the original, whatever the reason."""
    decision = answer("original" if tag else "accept", reason, monitored, tag, question.time if question else 0)
    if tag:
        decision["original"] = tag.original.text
    return decision


def refuse(policy: Policy, question: Question, reason: str, monitored: bool, tag: Tagged | None) -> dict:
    if monitored:
        return accept(reason, tag, question, True)
    decision = answer("refuse", reason, False, tag, question.time)
    if policy.reply is not None:
        decision["reply"] = "550 5.7.1 " + policy.reply.replace("{reason}", reason)
    return decision


def original(policy: Policy, address: Address) -> bytes | None:
    """One layer of a tag off an address that has keys."""
    tag = tag_of(policy, address)
    return tag.original.text if tag and policy.ring(tag.original) else None


def verdict(policy: Policy, address: Address, time: int) -> str:
    """Without keys no tag can be checked."""
    return verify(policy.ring(original_of(policy, address)) or KeyRing(), policy.settings, address, time)


# --- The log line -----------------------------------------------------------------------------------


def escape(octets: bytes) -> str:
    return "".join(
        chr(octet) if 33 <= octet <= 126 and octet not in b'<>\\"' else f"\\x{octet:02x}" for octet in octets
    )


def log_line(question: Question, decision: dict, queue: bytes | None) -> str:
    coming = question.rcpt_to is not None
    fields = [
        ("dir", "in" if coming else "out"),
        ("action", decision["action"]),
        ("reason", decision["reason"]),
        ("from", f"<{escape(inside_brackets(question.mail_from)[1])}>"),
        ("to", f"<{escape(inside_brackets(question.rcpt_to)[1])}>" if coming else None),
        ("client", question.client),
        ("key", decision["key_number"]),
        ("left", decision.get("days_left")),
        ("monitored", "yes" if decision.get("monitored") else None),
        ("queue", escape(queue) if queue else None),
    ]
    return "batv: " + " ".join(f"{name}={value}" for name, value in fields if value is not None)
