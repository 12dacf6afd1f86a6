#!/usr/bin/env python3
"""Asks batv-core and the reference the same questions: compare.py DRIVER [--seed N] [--policies N]

DRIVER is `batv-core/examples/decide.rs`, built. Each difference is made as small as it gets, and shown.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random

import cases
import decisions
from reference import Unreadable, content, inside_brackets, parse, strip

QUESTIONS_A_POLICY = 100
MOST_DIFFERENCES = 10
DEFAULTS = {
    "lifetime": 7,
    "delimiter": ord("+"),
    "sub_address": False,
    "exact": False,
    "long_local_parts": False,
    "default_domain": None,
    "percent_hack": True,
    "bang_path": True,
    "exempt": [],
    "sign_local": True,
    "untagged_destinations": [],
    "untagged_clients": [],
    "internal_networks": [],
    "bounce_senders": [],
    "refuse_tagged_mail": False,
    "one_recipient": False,
    "monitor": False,
    "reply": None,
    # Of questions.
    "mail_from_resolved": None,
    "rcpt_resolved": None,
    "client": None,
    "trusted": False,
    "queue": None,
    "recipients_before": 0,
    "time": cases.NOON,
}
TEXTS = ("text", "mail_from", "mail_from_resolved", "rcpt_to", "rcpt_resolved")


class Core:
    """batv-core, in a process that answers line by line."""

    def __init__(self, driver: str) -> None:
        self.process = subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, line: dict) -> None:
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def answer(self) -> object:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("batv-core has ended")
        return json.loads(line)


def expected(policy: decisions.Policy, case: dict) -> object:
    """The reference's answer, in the form of batv-core's."""
    if case["ask"] in ("inbound", "outbound"):
        question = cases.read_question(case)
        decide = decisions.inbound if case["ask"] == "inbound" else decisions.outbound
        decision = decide(policy, question)
        queue = None if case["queue"] is None else bytes.fromhex(case["queue"])
        decision["log_line"] = decisions.log_line(question, decision, queue)
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in decision.items()}
    try:
        address = parse(bytes.fromhex(case["text"]))
    except Unreadable:
        return "unreadable"
    if case["ask"] == "verify":
        return decisions.verdict(policy, address, case["time"])
    if case["ask"] == "original":
        original = decisions.original(policy, address)
        return None if original is None else original.hex()
    stripped = strip(address)
    return None if stripped is None else [stripped[0], stripped[1].hex(), stripped[2]]


def both(core: Core, policy: dict, question: dict, reference: decisions.Policy) -> tuple[object, object]:
    """The reference's answer and batv-core's, without what is not compared."""
    core.tell(question)
    wanted = expected(reference, question)
    got = core.answer()
    if isinstance(got, dict):
        if policy["reply"] is None and (got.get("reply") or "").startswith("550 5.7.1 "):
            wanted["reply"] = got["reply"]  # The texts are batv-core's own.
        for name in ("signed", "original"):
            if not is_simple(question) and is_same_address(wanted.get(name), got.get(name)):
                wanted[name] = got[name]
    return wanted, got


def afresh(core: Core, policy: dict, question: dict) -> tuple[object, object]:
    """The same under another policy than the one before."""
    core.tell({"policy": policy})
    return both(core, policy, question, cases.read_policy(policy))


def is_simple(question: dict) -> bool:
    """Without quotes in the addresses, or with quotes around the local-part of each and nowhere else."""
    texts = [bytes.fromhex(question.get(name) or "") for name in TEXTS]
    return all(re.fullmatch(rb'[^"]*|<?"[^"\\%!]*"@[^"]*', text) for text in texts)


def is_same_address(wanted: str | None, got: str | None) -> bool:
    """Spelt in another way: with other quotes."""
    try:
        first, second = (parse(bytes.fromhex(text or "")) for text in (wanted, got))
    except Unreadable:
        return False
    rest = (first.domain, first.brackets) == (second.domain, second.brackets)
    return rest and content(first.local_part) == content(second.local_part)


def smaller(policy: dict, question: dict) -> list[tuple[dict, dict]]:
    """The same case with one thing less."""
    found = []
    for name, value in DEFAULTS.items():
        for case, other in ((policy, question), (question, policy)):
            if name in case and case[name] != value:
                changed = {**case, name: value}
                found.append((changed, other) if case is policy else (other, changed))
    for at in range(len(policy["keys"])):
        found.append(({**policy, "keys": policy["keys"][:at] + policy["keys"][at + 1 :]}, question))
    for name in TEXTS:
        text = question.get(name) or ""
        for size in (32, 16, 8, 2):
            for at in range(0, len(text) - size + 1, 2):
                found.append((policy, {**question, name: text[:at] + text[at + size :]}))
    for at in range(len(question.get("recipients", []))):
        found.append(
            (policy, {**question, "recipients": question["recipients"][:at] + question["recipients"][at + 1 :]})
        )
    return found


def shrink(core: Core, policy: dict, question: dict) -> tuple[dict, dict]:
    again = True
    while again:
        again = False
        for less_policy, less_question in smaller(policy, question):
            wanted, got = afresh(core, less_policy, less_question)
            if wanted != got:
                policy, question, again = less_policy, less_question, True
                break
    return policy, question


def shown(value: object) -> object:
    return bytes.fromhex(value).decode(errors="backslashreplace") if isinstance(value, str) else value


def show(core: Core, policy: dict, question: dict) -> None:
    wanted, got = afresh(core, policy, question)
    print("A difference:")
    for name, value in policy.items():
        if value != DEFAULTS.get(name, ()):
            print(f"    {name} = {value!r}")
    for name, value in question.items():
        if value != DEFAULTS.get(name, ()):
            if name == "recipients":
                value = [shown(text) for text in value]
            print(f"  {name}: {shown(value) if name in TEXTS else value!r}")
    if isinstance(wanted, dict):
        names = [name for name in wanted if wanted[name] != got[name]]
        for name in names:
            print(f"  reference says {name} = {wanted[name]!r}\n  batv-core says {name} = {got[name]!r}")
            if name in ("original", "signed"):
                print(f"  which are {shown(wanted[name])!r} and {shown(got[name])!r}")
    else:
        print(f"  reference says {wanted!r}\n  batv-core says {got!r}")
    print(flush=True)


def bounce_of(message: dict, signed: str) -> dict:
    """The bounce of what was signed, as it comes back to the same server."""
    resolved = None if message["mail_from_resolved"] is None else inside_brackets(bytes.fromhex(signed))[1].hex()
    question = {"ask": "inbound", "mail_from": "", "rcpt_to": signed, "rcpt_resolved": resolved}
    defaults = ("mail_from_resolved", "client", "trusted", "queue", "recipients_before")
    return question | {name: DEFAULTS[name] for name in defaults} | {"time": message["time"]}


def compare(core: Core, random: Random, policies: int, counted: Counter[str]) -> Iterator[tuple[dict, dict]]:
    """Asks both, and yields the policies and questions of differences."""
    for _ in range(policies):
        policy = cases.policy(random)
        core.tell({"policy": policy})
        reference = cases.read_policy(policy)
        for _ in range(QUESTIONS_A_POLICY):
            question = cases.question(random, reference)
            wanted, got = both(core, policy, question, reference)
            counted[f"{question['ask']} {got['reason']}" if isinstance(got, dict) else question["ask"]] += 1
            if wanted != got:
                yield policy, question
                core.tell({"policy": policy})
            elif question["ask"] == "outbound" and got["signed"]:
                counted["bounces of what was signed"] += 1
                core.tell(bounce_of(question, got["signed"]))
                if core.answer()["reason"] != "pass":
                    raise SystemExit(f"What was signed does not come back: {policy} {question}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policies", type=int, default=400)
    arguments = parser.parse_args()
    core, counted, differences = Core(arguments.driver), Counter(), 0
    for policy, question in compare(core, Random(arguments.seed), arguments.policies, counted):
        show(core, *shrink(core, policy, question))
        differences += 1
        if differences == MOST_DIFFERENCES:
            break
    for answer, count in sorted(counted.items()):
        print(f"{count:7} {answer}")
    print(f"{counted.total()} questions of seed {arguments.seed}, {differences} differences")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
