#!/usr/bin/env python3
"""What a release consists of, below target/dist: packaging/dist.py [PART...], all parts without one.

It is made from the last commit, or from the files where there is no git, and dated by debian/changelog: two
folders give the same octets. Parts are `source`, `materials`, `static`, `python` and `debian`; all but the
first begin with the source archive that is there. Run as root, it installs the Debian packages that it needs.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import lzma
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
from email.utils import parsedate_to_datetime
from pathlib import Path

import bill_of_materials

ROOT = Path(__file__).resolve().parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
DIST = TARGET / "dist"
WORK = TARGET / "dist-work"
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
NAME = f"libbatv-{VERSION}"
NAMED = {
    "CHANGELOG.md": f"## [{VERSION}] - ",
    "debian/changelog": f"libbatv ({VERSION}-",
    "batv-python/Cargo.toml": f'version = "{VERSION}"',
    "include/batv.h": f'#define BATV_VERSION "{VERSION}"',
}
SOURCE = DIST / f"{NAME}.tar.xz"
BUILD = Path("/var/tmp/libbatv-build")


def main(parts):
    known = {"source": source, "materials": materials, "static": static, "python": python, "debian": debian}
    DIST.mkdir(parents=True, exist_ok=True)
    WORK.mkdir(exist_ok=True)
    for file, line in NAMED.items():
        if line not in (ROOT / file).read_text():
            sys.exit(f"{file} does not have the version: {line}")
    if unknown := set(parts) - known.keys():
        sys.exit(f"no such part: {' '.join(sorted(unknown))}")
    if not parts:
        emptied(DIST)
    for part in parts or known:
        print(f"--- {part}", flush=True)
        start = time.monotonic()
        known[part]()
        print(f"--- {part}: {time.monotonic() - start:.0f} s", flush=True)
    sums = [f"{digest(file)}  {file.name}\n" for file in sorted(DIST.iterdir()) if file.name != "SHA256SUMS"]
    (DIST / "SHA256SUMS").write_text("".join(sums))
    print(f"--- {DIST}/SHA256SUMS", "".join(sums), sep="\n", end="")


def digest(file):
    with file.open("rb") as octets:
        return hashlib.file_digest(octets, "sha256").hexdigest()


def run(*command, **options):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)


def needs(*packages):
    """Debian packages."""
    run(ROOT / "tests/packages", *packages)


def printed(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def emptied(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def epoch():
    """The date of everything here, in UNIX seconds."""
    [dated] = re.findall(r"\A.*?^ -- .*?>  (.*?)$", (ROOT / "debian/changelog").read_text(), re.DOTALL | re.MULTILINE)
    return int(os.environ.get("SOURCE_DATE_EPOCH") or parsedate_to_datetime(dated).timestamp())


def archive(folder, into):
    """Packs a folder, so that nothing but names, contents and what is executable counts."""
    seconds = epoch()

    def plain(entry):
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = seconds
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    with lzma.open(into, "wb", preset=6) as packed, tarfile.open(fileobj=packed, mode="w") as entries:
        # Folders sort their files: TarFile.add goes by name.
        entries.add(folder, folder.name, filter=plain)


@contextlib.contextmanager
def unpacked():
    """The sources as a user has them, in a folder that is the same whoever builds them and where.

    Cargo hashes the paths of crates into the names of their symbols, which no option takes out.
    """
    BUILD.mkdir(mode=0o700, exist_ok=True)
    opened = os.open(BUILD, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    if os.fstat(opened).st_uid != os.getuid():
        sys.exit(f"{BUILD} is another user's")
    # Whoever else builds a release waits. What one left who was killed is removed.
    fcntl.flock(opened, fcntl.LOCK_EX)
    try:
        vacate(BUILD)
        run("tar", "-x", "--no-same-owner", "-f", SOURCE, "-C", BUILD)
        yield BUILD / NAME
    finally:
        vacate(BUILD)
        os.close(opened)


def vacate(folder):
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def source():
    """Our files, with all crates, so that nothing is fetched to build it."""
    folder = emptied(WORK / "source") / NAME
    if (ROOT / ".git").exists() and shutil.which("git"):
        # Whoever runs this trusts the folder, even when it is another user's.
        git = ["git", "-c", "safe.directory=*"]
        if changed := printed(*git, "status", "--porcelain", cwd=ROOT):
            print(f"not in the archive, since not committed:\n{changed}", end="")
        run(*git, "archive", f"--prefix={NAME}/", f"--output={folder}.tar", "HEAD", cwd=ROOT)
        run("tar", "-x", "--no-same-owner", "-f", f"{folder}.tar", "-C", folder.parent)
    else:
        print("not a git checkout: all files are in the archive")
        made = shutil.ignore_patterns(".git", "target", "__pycache__")
        shutil.copytree(ROOT, folder, symlinks=True, ignore=made)
    # An unpacked source archive has them.
    if not (folder / "vendor").is_dir():
        vendor = ["cargo", "vendor", "--locked", "--sync=batv-python/Cargo.toml", "vendor"]
        vendored = subprocess.run(vendor, cwd=folder, capture_output=True, text=True)
        if vendored.returncode:
            sys.exit(f"no crates, which need a network:\n{vendored.stderr}")
        settings = folder / ".cargo/config.toml"
        settings.parent.mkdir()
        settings.write_text(vendored.stdout)
    archive(folder, SOURCE)


def materials():
    """The bill of materials: every crate, with its licence and its hash."""
    with unpacked() as folder:
        bill = bill_of_materials.cyclonedx(folder, VERSION, epoch())
    (DIST / f"{NAME}.cdx.json").write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n")


def remapped(folder):
    """Paths of the machine that builds are nobody's business."""
    sysroot = printed("rustc", "--print", "sysroot", cwd=folder).strip()
    flags = f"--remap-path-prefix={folder}=batv --remap-path-prefix={sysroot}/lib/rustlib/src/rust=rust"
    return os.environ | {
        "RUSTFLAGS": flags,
        "CARGO_TARGET_DIR": str(folder / "target"),
        "CARGO_NET_OFFLINE": "true",
        "SOURCE_DATE_EPOCH": str(epoch()),
    }


def static():
    """The programs for any Linux, where Rust has what they need."""
    target = f"{platform.machine()}-unknown-linux-musl"
    sysroot = printed("rustc", "--print", "sysroot", cwd=ROOT).strip()
    if not (Path(sysroot) / "lib/rustlib" / target / "lib").is_dir():
        print(f"LEFT OUT: static programs. `rustup target add {target}` brings what they need.")
        return
    programs = emptied(WORK / "static") / f"batv-{VERSION}-{target}"
    programs.mkdir()
    options = ["--locked", "--release", "--target", target, "--package", "batv-cli", "--package", "batv-milter"]
    with unpacked() as folder:
        run("cargo", "build", *options, cwd=folder, env=remapped(folder))
        for file in ("batv", "batv-milter"):
            shutil.copy(folder / "target" / target / "release" / file, programs)
        for file in ("LICENSE-APACHE", "LICENSE-MIT", "docs/batv.toml", "batv-milter/batv-milter.8"):
            shutil.copy(folder / file, programs)
    archive(programs, DIST / f"{programs.name}.tar.xz")


def python():
    """The sdist, and from it the wheel, by the tools of batv-python's tests."""
    if importlib.util.find_spec("ensurepip") is None:
        needs("python3-venv")
    tools = WORK / "python-tools"
    pinned = (ROOT / "batv-python/requirements.txt").read_text().splitlines()
    wanted = [line for line in pinned if line.startswith(("maturin==", "ziglang=="))]
    run(sys.executable, "-m", "venv", tools)
    run(tools / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
    made = emptied(WORK / "wheels")
    maturin = [tools / "bin/maturin"]
    project = ["--manifest-path", "batv-python/Cargo.toml", "--out", made]
    options = ["--release", "--locked", "--zig", "--compatibility", "manylinux2014"]
    with unpacked() as folder:
        environment = remapped(folder) | {"PATH": f"{tools}/bin:{os.environ['PATH']}"}
        run(*maturin, "sdist", *project, cwd=folder, env=environment)
        run(*maturin, "build", *options, *project, cwd=folder, env=environment)
    for file in made.iterdir():
        shutil.copy(file, DIST)


def debian():
    """Debian packages, built by debian/rules without a network, for Debian 12 and later."""
    needs("debhelper", "dh-python", "dpkg-dev")
    with unpacked() as folder:
        shutil.copy(SOURCE, folder.parent / f"libbatv_{VERSION}.orig.tar.xz")
        # Debian 12's own Rust is too old, and another one is no package: hence no check of build dependencies.
        run("dpkg-buildpackage", "--no-sign", "--no-check-builddeps", cwd=folder)
        for pattern in ("*.deb", "*.dsc", "*.debian.tar.xz", "*.orig.tar.xz"):
            for file in folder.parent.glob(pattern):
                if "-dbgsym_" not in file.name:
                    shutil.copy(file, DIST)


if __name__ == "__main__":
    main(sys.argv[1:])
