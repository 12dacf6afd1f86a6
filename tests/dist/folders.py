"""Debian in a folder: made once, copied for each use, and without a network but for installing."""

import contextlib
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
WORK = TARGET / "dist-check"
# What is mounted vanishes with the last process that sees it.
ENTER = """
set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t devtmpfs dev "$1/dev"
ip link set lo up 2>/dev/null || true
folder=$1
shift
exec chroot "$folder" "$@"
"""
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


class Folder:
    """A Debian system of its own."""

    def __init__(self, path):
        self.path = path

    def run(self, *command, network=False, text=None, fails=False):
        """Runs a command there and returns what it prints; one that is to fail must."""
        spaces = ["--mount", "--pid", "--fork", "--kill-child", "--ipc"] + ([] if network else ["--net"])
        ended = subprocess.run(
            ["unshare", *spaces, "sh", "-c", ENTER, "sh", self.path, *command],
            env=ENVIRONMENT,
            input=text or "",
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if (ended.returncode != 0) != fails:
            raise AssertionError(f"{' '.join(command)}: exit status {ended.returncode}\n{ended.stdout}")
        return ended.stdout

    def shell(self, script, **options):
        return self.run("bash", "-euo", "pipefail", "-c", script, **options)

    def install(self, *packages):
        """Installs packages of Debian's, or files of packages."""
        options = ["-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
        return self.run("apt-get", "install", *options, *packages, network=True)

    def write(self, name, text, mode=0o644):
        file = self.path / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def files(self):
        """Every file and folder but those of the packages' own books, and what is only a cache."""
        passed_over = (
            "proc",
            "dev",
            "sys",
            "tmp",
            "root",
            "var/lib/dpkg",
            "var/lib/apt",
            "var/cache",
            "var/log",
            "run",
        )
        found = set()
        for folder, folders, files in os.walk(self.path):
            place = Path(folder).relative_to(self.path)
            folders[:] = [name for name in folders if str(place / name) not in passed_over]
            found.update(str(place / name) for name in folders + files)
        return found


def base(suite, *packages):
    """A system with these packages, made on first use and never changed."""
    made = WORK / f"{suite}-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}"
    if not made.exists():
        part = made.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        if packages:
            subprocess.run(["cp", "-a", base(suite).path, part], check=True)
            Folder(part).install(*packages)
        else:
            command = ["debootstrap", "--variant=minbase", suite, part, mirror()]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            # Nothing is started by installing it.
            Folder(part).write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        part.rename(made)
    return Folder(made)


def mirror():
    """From where the machine has its own packages."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return next(uri for uri in listed if "security" not in uri)


@contextlib.contextmanager
def copy(system, name):
    """A copy of a system, for one use."""
    path = WORK / name
    shutil.rmtree(path, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", system.path, path], check=True)
    yield Folder(path)
    shutil.rmtree(path)
