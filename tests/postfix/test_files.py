"""What is installed with batv-milter: unit, users, folders, manual pages."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from mail import ROOT, documented

MILTER = ROOT / "batv-milter"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Systemd(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="batv-files-")))

    def test_the_unit_is_confined(self):
        unit = self.folder / "batv-milter.service"
        unit.write_text((MILTER / "systemd/batv-milter.service").read_text().replace("@SBINDIR@", "/usr/sbin"))
        # In tenths: the exposure is 2.0 at most.
        rating = run("systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit))
        self.assertEqual(rating.returncode, 0, rating.stdout + rating.stderr)
        self.assertIn("Overall exposure level", rating.stdout)
        # An unknown setting would be ignored. Version 252 does not know notify-reload.
        unknown = [line for line in rating.stderr.splitlines() if "notify-reload" not in line]
        self.assertEqual(unknown, [])

    def test_users_and_folders(self):
        (self.folder / "etc").mkdir()
        (self.folder / "var/spool/postfix").mkdir(parents=True)
        (self.folder / "postfix.conf").write_text("u postfix -\n")
        root, files = f"--root={self.folder}", MILTER / "systemd"
        for command in [
            ["systemd-sysusers", root, self.folder / "postfix.conf", files / "sysusers.conf"],
            ["systemd-tmpfiles", root, "--create", files / "tmpfiles.conf", files / "tmpfiles-postfix.conf"],
        ]:
            made = run(*map(str, command))
            self.assertEqual(made.returncode, 0, made.stderr)
        users = dict(line.split(":")[0:3:2] for line in (self.folder / "etc/passwd").read_text().splitlines())
        groups = dict(line.split(":")[0:3:2] for line in (self.folder / "etc/group").read_text().splitlines())
        for name, mode, user, group in [
            ("etc/batv", 0o750, "0", groups["batv"]),
            ("var/spool/postfix/batv", 0o2750, users["batv"], groups["postfix"]),
        ]:
            status = (self.folder / name).stat()
            self.assertEqual((status.st_mode & 0o7777, str(status.st_uid), str(status.st_gid)), (mode, user, group))


class Documents(unittest.TestCase):
    def test_they_agree_on_main_cf(self):
        settings = documented("main.cf", "postfix.md")
        self.assertIn(f"```text\n{settings}```\n", (ROOT / "README.md").read_text())
        page = (MILTER / "batv-milter.8").read_text()
        self.assertIn(".Bd -literal -offset indent\n" + "".join(settings.splitlines(True)[:3]), page)


class ManualPages(unittest.TestCase):
    def test_they_are_well_formed(self):
        lint = run("mandoc", "-T", "lint", "-W", "warning", MILTER / "batv-milter.8", ROOT / "docs/batv.toml.5")
        self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
