"""The kinds of site that docs/exim.md shows, in real Exim."""

import contextlib
import re
import shutil
import sqlite3
import subprocess
import unittest
from pathlib import Path

from configuration import documented, with_block, with_options
from facts import ALICE, FORGED, KEYS, MISSING, UNKNOWN
from mail import LIBRARY, OUTSIDE, ROOT, Sink, transaction
from servers import Exim

POLICY = '[policy]\ndefault-domain = "example.test"\nexempt = ["postmaster@*"]\n'


@contextlib.contextmanager
def next_server():
    """A server behind Exim: what it gets, and where Exim finds it."""
    sink = Sink(("127.0.0.4", 0))
    try:
        yield sink, "{}::{}".format(*sink.address)
    finally:
        sink.close()


def verifying(config, statement):
    """The configuration with this statement in the place of the one that verifies recipients."""
    usual = "  require verify = recipient\n"
    assert config.count(usual) == 1
    return config.replace(usual, statement)


class CompleteServer(unittest.TestCase):
    def test_postmaster_and_abuse_get_bounces(self):
        with Exim(KEYS) as exim:
            for recipient in ["postmaster", "Postmaster@example.test", "abuse@example.test", "postmaster@example.org"]:
                self.assertRegex(exim.send("", recipient), "^250 OK")
            recipients = [envelope.rcpt_to[0] for envelope in exim.mailboxes.wait_for(4)]
            expected = ["postmaster@example.test", "Postmaster@example.test", "abuse@example.test"]
            self.assertCountEqual(recipients, [*expected, "postmaster@example.org"])
            self.assertEqual(exim.send("", "alice@example.test"), MISSING)

    def test_sub_addresses(self):
        def suffix(config):
            return config.replace(
                "\nmailboxes:\n", "\nmailboxes:\n  local_part_suffix = +* : -*\n  local_part_suffix_optional\n"
            )

        keys = 'syntax = "sub-address"\ndelimiter = "-"\n' + KEYS
        for toml, sender, signed in [
            (KEYS, "alice+news@example.test", r"prvs=0786[0-9a-f]{6}=alice\+news@example\.test"),
            (keys, "alice@example.test", "alice-prvs=0786864c09@example.test"),
            (keys, "alice-news@example.test", r"alice-news-prvs=0786[0-9a-f]{6}@example\.test"),
        ]:
            with self.subTest(sender), Exim(toml, change=suffix) as exim:
                exim.submit(sender, "bob@example.net")
                [sent] = exim.world.wait_for(1)
                self.assertRegex(sent.mail_from, f"^{signed}$")
                self.assertRegex(exim.send("", sent.mail_from), "^250 OK")
                self.assertEqual(exim.mailboxes.wait_for(1), [("", ("alice@example.test",))])
                self.assertEqual(exim.send("", sender), MISSING)


class Debian(unittest.TestCase):
    """Debian's own configuration, as update-exim4.conf makes it."""

    ADDED = ["conf.d/main/000_batv", "batv.acl", "conf.d/acl/50_batv", "conf.d/router/250_batv"]

    def generated(self, exim, settings, hosts):
        update = Path(shutil.which("update-exim4.conf"))
        folder = exim.folder / "exim4"
        shutil.copytree(update.parents[2] / "etc/exim4", folder)
        settings = {"dc_use_split_config": "true", "dc_other_hostnames": "example.test:example.org"} | settings
        (folder / "update-exim4.conf.conf").write_text(
            "".join(f"{name}='{value}'\n" for name, value in settings.items())
        )
        for name in self.ADDED:
            text = documented(name)
            for path, here in [("/etc/exim4/batv.acl", folder / "batv.acl"), ("/etc/exim4/batv.toml", exim.key_file)]:
                text = text.replace(path, str(here))
            (folder / name).write_text(with_options(text, BATV_LIBRARY=LIBRARY) if "main" in name else text)
        # What this machine has for it, and what the mailboxes of the tests are.
        if hosts:
            (folder / "hubbed_hosts").write_text(hosts)
        (folder / "conf.d/main/001_here").write_text(
            f"CONFDIR = {folder}\nMAIN_HOST_LOOKUP =\nMAIN_QUALIFY_DOMAIN = example.test\n"
        )
        config = documented("configuration")
        for kind, name, number in [("router", "mailboxes", 251), ("transport", "dovecot", 50)]:
            [text] = re.findall(rf"^{name}:\n(?:.+\n)+", config, re.MULTILINE)
            for macro, value in {"MAILBOXES": "mailboxes", "LMTP_SOCKET": "lmtp"}.items():
                text = text.replace(macro, str(exim.folder / value))
            (folder / f"conf.d/{kind}/{number}_here").write_text(text)
        command = [update, "-d", folder, "-o", exim.folder / "generated"]
        subprocess.run(command, check=True, capture_output=True)
        # The options that place a daemon of its own.
        here = r"^(exim_path|spool_directory|keep_environment) =.*\n"
        return re.sub(here, "", (exim.folder / "generated").read_text(), flags=re.MULTILINE)

    def check(self, settings, hosts=""):
        def change(_):
            place = "{}::{}".format(*exim.world.address)
            filled = {name: value.format(place) for name, value in settings.items()}
            return self.generated(exim, filled, hosts.format(place))

        exim = Exim(KEYS, change=change)
        with exim:
            exim.submit("alice@example.test", "bob@example.net")
            [sent] = exim.world.wait_for(1)
            self.assertEqual(sent.mail_from, ALICE)
            self.assertRegex(exim.send("", sent.mail_from), "^250 OK")
            self.assertEqual(exim.mailboxes.wait_for(1), [("", ("alice@example.test",))])
            self.assertEqual(exim.send("", "alice@example.test"), MISSING)
            self.assertRegex(exim.send("", "postmaster"), "^250 OK")
            exim.wait_for_log("batv: dir=in ", 2)
            exim.wait_for_log("batv: dir=out action=sign reason=signed")
            self.assertEqual(exim.log("panic"), "")

    def test_with_a_smarthost(self):
        self.check({"dc_eximconfig_configtype": "smarthost", "dc_smarthost": "{}"})

    def test_without_a_smarthost(self):
        # The file says what the DNS would.
        self.check({"dc_eximconfig_configtype": "internet"}, hosts="example.net: {}\n")


class Gateway(unittest.TestCase):
    def test_the_server_behind_gets_the_original_address(self):
        with next_server() as (backend, address):

            def gateway(config):
                networks = {"hostlist relay_from_hosts": "127.0.0.1"}
                return with_block(config, "gateway", BACKEND=address, **networks)

            with Exim(KEYS, change=gateway) as exim:
                exim.submit("alice@example.org", "bob@example.net")
                [sent] = exim.world.wait_for(1)
                self.assertRegex(sent.mail_from, r"^prvs=0786[0-9a-f]{6}=alice@example\.org$")
                self.assertRegex(exim.send("", sent.mail_from), "^250 OK")
                self.assertEqual(backend.wait_for(1), [("", ("alice@example.org",))])
                self.assertEqual(exim.send("", "alice@example.org"), MISSING)
                # Ordinary mail reaches the server behind with the sender that it had.
                self.assertRegex(exim.send("carol@example.net", sent.mail_from), "^250 OK")
                self.assertEqual(backend.wait_for(2)[1], ("carol@example.net", ("alice@example.org",)))
                # A stranger's tag is left to him.
                stranger = "prvs=0786864c09=dave@example.net"
                exim.submit("alice@example.org", stranger)
                self.assertEqual(exim.world.wait_for(2)[1].rcpt_to, (stranger,))

    def test_a_callout_asks_about_the_original_address(self):
        with next_server() as (backend, address):

            def gateway(config):
                networks = {"hostlist relay_from_hosts": "127.0.0.1"}
                return verifying(with_block(config, "gateway", BACKEND=address, **networks), documented("callouts"))

            with Exim(KEYS, change=gateway) as exim:
                tagged = exim.expand("${prvs{alice@example.org}{secret}{0}}")
                for sender in ["", "carol@example.net"]:
                    self.assertRegex(exim.send(sender, tagged), "^250 OK")
                    asked = (sender, "alice@example.org")
                    # The callout and then the delivery.
                    backend.wait_for(1)
                    self.assertEqual(backend.asked, [asked, asked])
                    backend.asked.clear()
                    backend.envelopes.clear()
                backend.permanent_failures = 1
                self.assertRegex(exim.send("dave@example.net", tagged), "^550 .*never")

    def test_mail_that_comes_in_may_be_cut_through(self):
        with next_server() as (backend, address):

            def gateway(config):
                networks = {"hostlist relay_from_hosts": "127.0.0.1"}
                config = with_block(config, "gateway", BACKEND=address, **networks)
                verify = "  require verify = recipient\n"
                return verifying(config, f"{verify}          control = cutthrough_delivery\n")

            with Exim(KEYS, change=gateway) as exim:
                tagged = exim.expand("${prvs{alice@example.org}{secret}{0}}")
                self.assertRegex(exim.send("", tagged), "^250 OK")
                exim.wait_for_log(r" >> alice@example\.org ")
                self.assertEqual(backend.envelopes, [("", ("alice@example.org",))])
                self.assertEqual(exim.send("", "alice@example.org"), MISSING)

    def test_a_backup_judges_and_leaves_the_tag_to_the_first_server(self):
        with next_server() as (primary, address):

            def backup(config):
                config = with_block(config, "gateway", BACKEND=address)
                ours = "batv_recipient:\n  driver = redirect\n  domains = +local_domains"
                assert config.count(f"{ours} : +relay_to_domains\n") == 1
                options = {"domainlist local_domains": "", "domainlist relay_to_domains": "example.test"}
                return with_options(config.replace(f"{ours} : +relay_to_domains\n", f"{ours}\n"), **options)

            with Exim(KEYS, change=backup) as exim:
                self.assertRegex(exim.send("", ALICE), "^250 OK")
                self.assertEqual(primary.wait_for(1), [("", (ALICE,))])
                self.assertEqual(exim.send("", "alice@example.test"), MISSING)
        # The first server takes the backup's word, after the tag has expired too.
        keys = KEYS + f'untagged-clients = ["{OUTSIDE}"]\n'
        with Exim(keys, date="2026-12-01T12:00:00") as exim:
            self.assertRegex(exim.send("", ALICE), "^250 OK")
            self.assertEqual(exim.mailboxes.wait_for(1), [("", ("alice@example.test",))])


class Forwarding(unittest.TestCase):
    def test_a_bounce_of_what_was_forwarded_goes_back_to_its_sender(self):
        def forwarding(config):
            config = with_block(config, "forwarding with SRS")
            router = "forwards:\n  driver = redirect\n  local_parts = bob\n  data = bob@elsewhere.test\n\n"
            return config.replace("\nmailboxes:\n", f"\n{router}mailboxes:\n")

        keys = KEYS.replace("exempt = [", 'exempt = ["SRS0=*@*", "SRS1=*@*", ')
        # The sender is tagged by his own server, and that tag is not ours to take off.
        dave = "prvs=1786abcdef=dave@example.net"
        with Exim(keys, change=forwarding) as exim:
            self.assertRegex(exim.send(dave, "bob@example.test"), "^250 OK")
            [forwarded] = exim.world.wait_for(1)
            pattern = r"^SRS0=[^=]+=[^=]+=example\.net=prvs=1786abcdef=dave@example\.test$"
            self.assertRegex(forwarded.mail_from, pattern)
            self.assertEqual(forwarded.rcpt_to, ("bob@elsewhere.test",))
            self.assertRegex(exim.send("", forwarded.mail_from), "^250 OK")
            self.assertEqual(exim.world.wait_for(2)[1], ("", (dave,)))
            # What is ours is signed as before.
            exim.submit("alice@example.test", "carol@example.net")
            self.assertEqual(exim.world.wait_for(3)[2].mail_from, ALICE)
            exim.submit("alice@example.test", "Carol@Example.Net")
            self.assertEqual(exim.world.wait_for(4)[3].mail_from, ALICE)
            self.assertEqual(exim.send("", "SRS0=forged=AB=example.net=dave@example.test"), UNKNOWN)


class MailingLists(unittest.TestCase):
    def test_members_get_signed_mail_and_its_bounces_come_to_the_owner(self):
        def lists(config):
            config = with_block(config, "mailing lists", LISTS=exim.folder / "lists")
            config = verifying(config, documented("members") + "\n  require verify = recipient\n")
            suffix = "  local_part_suffix = +*\n  local_part_suffix_optional\n"
            return config.replace("\nmailboxes:\n", f"\nmailboxes:\n{suffix}")

        exim = Exim(KEYS, change=lists)
        (exim.folder / "lists").mkdir()
        (exim.folder / "lists/news").write_text("alice@example.test\ncarol@example.net\n")
        with exim:
            with (exim.folder / "mailboxes").open("a") as mailboxes:
                mailboxes.write("news-bounces:\n")
            owner = "news-bounces@example.test"
            signed = exim.expand(f"${{prvs{{{owner}}}{{secret}}{{0}}}}")
            # A member whose own server signs.
            self.assertRegex(exim.send("prvs=1786abcdef=carol@example.net", "news@example.test"), "^250 OK")
            self.assertEqual(exim.world.wait_for(1), [(signed, ("carol@example.net",))])
            self.assertEqual(exim.mailboxes.wait_for(1), [(owner, ("alice@example.test",))])
            self.assertRegex(exim.send("", signed), "^250 OK")
            self.assertEqual(exim.mailboxes.wait_for(2)[1], ("", (owner,)))
            self.assertEqual(exim.send("", owner), MISSING)
            for stranger in ["dave@example.net", "prvs=1786abcdef=dave@example.net"]:
                self.assertEqual(exim.send(stranger, "news@example.test"), "550 only members can write to this list")
            # A list manager writes the member into the sender.
            sender = "news-bounces+carol=example.net@example.test"
            exim.submit(sender, "carol@example.net")
            signed = exim.world.wait_for(2)[1].mail_from
            self.assertEqual(signed, exim.expand(f"${{prvs{{{sender}}}{{secret}}{{0}}}}"))
            self.assertRegex(exim.send("", signed), "^250 OK")
            exim.wait_for_log(f"=> news-bounces .*<{re.escape(signed)}>")


class Callouts(unittest.TestCase):
    """What a callout shows to the other server, which may call back."""

    def test_a_sender_that_is_shown_to_others_is_untagged(self):
        for options, shown, refused in [
            ("", "", False),
            ("=use_sender", "alice@example.test", True),
            ("=use_postmaster", "postmaster@example.test", False),
        ]:

            def change(config, options=options):
                ask = f"  deny    hosts = +relay_from_hosts\n          ! verify = recipient/callout{options}\n"
                return config.replace("acl_check_rcpt:\n", f"acl_check_rcpt:\n{ask}")

            with self.subTest(options), Exim(KEYS, change=change) as exim:
                exim.submit("alice@example.test", "bob@example.net")
                exim.world.wait_for(1)
                self.assertEqual(exim.world.asked, [(shown, "bob@example.net"), (ALICE, "bob@example.net")])
                if shown:
                    self.assertEqual(exim.send("", shown) == MISSING, refused)


class UntaggedDestinations(unittest.TestCase):
    def test_a_list_sees_the_sender_and_others_see_the_tag(self):
        keys = KEYS + f'untagged-clients = ["{OUTSIDE}"]\n'
        with Exim(keys, change=lambda config: with_block(config, "destinations without tags")) as exim:
            lists = ["list@lists.example.net", "list@a.example.edu"]
            exim.submit("alice@example.test", *lists, "bob@example.net")
            sent = [(envelope.mail_from, sorted(envelope.rcpt_to)) for envelope in exim.world.wait_for(2)]
            self.assertCountEqual(sent, [("alice@example.test", sorted(lists)), (ALICE, ["bob@example.net"])])
            self.assertRegex(exim.send("", "alice@example.test"), "^250 OK")


class Greylisting(unittest.TestCase):
    def test_a_sender_is_known_again_by_any_tag(self):
        strip = "${dlfunc{BATV_LIBRARY}{batv_exim_strip}{$sender_address}}"
        self.assertIn(f"    {strip}\n", (ROOT / "docs/exim.md").read_text())
        known = f"  defer   condition = ${{if !eq{{{strip}}}{{carol@example.net}}}}\n"

        def greylist(config):
            return config.replace("  require verify = recipient\n", f"{known}  require verify = recipient\n")

        with Exim(KEYS, change=greylist) as exim:
            for tag in ["", "prvs=1786abcdef=", "prvs=786abcdef=", "btv1==08501234bcd==", "msprvs1=18506AbCd-_12="]:
                self.assertRegex(exim.send(f"{tag}carol@example.net", "alice@example.test"), "^250 OK")
            self.assertRegex(exim.send("dave@example.net", "alice@example.test"), "^451 ")


class InternationalizedDomains(unittest.TestCase):
    def test_bounces_come_to_either_spelling_of_what_left_in_one(self):
        written, converted = "alice@bücher.example", "alice@xn--bcher-kva.example"
        domains = ["bücher.example", "xn--bcher-kva.example"]

        def change(config):
            text = (ROOT / "docs/exim.md").read_text().split("### Internationalized domains")[1]
            sender, recipient = re.findall(r"^    (\$\{quote_local_part:.*)$", text, re.MULTILINE)[:2]
            before = "BATV_RECIPIENT = {$sender_address}{${quote_local_part:$local_part}@$domain}"
            for old, new in [
                (before, before.replace("${quote_local_part:$local_part}@$domain", recipient)),
                ("{$return_path}}", f"{{{sender}}}}}"),
                ("{$return_path}{$received_time}", f"{{{sender}}}{{$received_time}}"),
            ]:
                assert config.count(old) == 1, old
                config = config.replace(old, new)
            return with_options(config, **{"domainlist local_domains": " : ".join(["example.test", *domains])})

        keys = KEYS.replace("for = [", f'for = ["{domains[0]}", "{domains[1]}", ')
        with Exim(keys, change=change) as exim:
            # The next server has no SMTPUTF8.
            exim.submit(written, "bob@example.net", parameters="SMTPUTF8")
            exim.submit(converted, "bob@example.net")
            exim.submit("Alice@Example.Test", "bob@example.net")
            exim.submit('"john doe"@example.test', "bob@example.net")
            senders = [envelope.mail_from for envelope in exim.world.wait_for(4)]
            theirs = exim.expand(f"${{prvs{{{converted}}}{{secret}}{{0}}}}")
            self.assertEqual(senders.count(theirs), 2)
            self.assertRegex(exim.send("", theirs), "^250 OK")
            other_spelling = theirs.replace("xn--bcher-kva", "bücher")
            with exim.client() as client:
                replies = transaction(client, "", other_spelling, written, parameters="SMTPUTF8")
            self.assertEqual([reply[:3] for reply in replies], ["250", "550", "250"])
            self.assertEqual(exim.send("", converted), MISSING)
            # ASCII addresses are what they were.
            self.assertIn(ALICE.replace("alice@example.test", "Alice@Example.Test"), senders)
            self.assertIn('"prvs=0786', "".join(senders))


class KeysFromLookups(unittest.TestCase):
    """Keys of one domain, in each kind of database, and the rules in a file beside."""

    def check(self, kind, fill):
        def change(config):
            folder = str(exim.folder)
            config = with_block(config, f"keys from {kind}")
            return config.replace("/etc/exim4/batv.", f"{folder}/batv.")

        exim = Exim(POLICY, change=change)
        fill(exim.folder)
        with exim:
            for sender in ["alice@example.test", "alice@Example.Test", "alice@example.org"]:
                exim.submit(sender, "bob@example.net")
            senders = [envelope.mail_from for envelope in exim.world.wait_for(3)]
            capital = ALICE.replace("example.test", "Example.Test")
            self.assertCountEqual(senders, [ALICE, capital, "alice@example.org"])
            older = exim.expand("${prvs{alice@example.test}{older}{7}}")
            for recipient in [ALICE, capital, older, "alice@example.org", "postmaster@example.test"]:
                self.assertRegex(exim.send("", recipient), "^250 OK")
            recipients = [envelope.rcpt_to[0] for envelope in exim.mailboxes.wait_for(5)]
            expected = ["alice@example.test"] * 3 + ["alice@example.org", "postmaster@example.test"]
            self.assertCountEqual(recipients, expected)
            self.assertEqual(exim.send("", "alice@EXAMPLE.TEST"), MISSING)
            self.assertEqual(exim.send("", ALICE.replace("alice", "bob")), FORGED)
            # Faults of the file are named, and secrets that a lookup has found are not.
            exim.write_keys(POLICY.replace("exempt", "exemt"))
            self.assertRegex(exim.send("", ALICE), "^451 ")
            exim.submit("alice@example.test", "bob@example.net")
            exim.wait_for_log("== bob@example.net")
            self.assertRegex(exim.log("panic"), "did you mean `exempt`")
            self.assertNotRegex(exim.log("main") + exim.log("panic"), "0:secret|7:older")

    def test_lsearch(self):
        self.check("lsearch", lambda folder: (folder / "batv.keys").write_text("example.test: 0:secret 7:older\n"))

    def test_cdb(self):
        def fill(folder):
            text = "example.test 0:secret 7:older\n"
            subprocess.run(["cdb", "-c", "-m", folder / "batv.cdb"], input=text, text=True, check=True)

        self.check("cdb", fill)

    def test_sqlite(self):
        def fill(folder):
            with contextlib.closing(sqlite3.connect(folder / "batv.db")) as database, database:
                database.execute("create table batv (domain text, position integer, key text)")
                rows = [("example.test", 2, "7:older"), ("example.test", 1, "0:secret")]
                database.executemany("insert into batv values (?, ?, ?)", rows)

        self.check("sqlite", fill)


if __name__ == "__main__":
    unittest.main()
