#!/usr/bin/env python3
"""What a release consists of, below target/dist: packaging/dist.py [PART...], all parts without one.

It is made from the last commit, not from files that are changed, and dated by it: two folders give the same
octets. Parts are `source`, `materials`, `static`, `python` and `debian`; all but the first begin with the
source archive that is there.
"""

import hashlib
import io
import json
import lzma
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import bill_of_materials

ROOT = Path(__file__).resolve().parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
DIST = TARGET / "dist"
WORK = TARGET / "dist-work"
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
NAME = f"libbatv-{VERSION}"
SOURCE = DIST / f"{NAME}.tar.xz"


def main(parts):
    known = {"source": source, "materials": materials, "static": static, "python": python, "debian": debian}
    DIST.mkdir(parents=True, exist_ok=True)
    WORK.mkdir(exist_ok=True)
    if unknown := set(parts) - known.keys():
        sys.exit(f"no such part: {' '.join(sorted(unknown))}")
    for part in parts or known:
        print(f"--- {part}", flush=True)
        known[part]()
    sums = [f"{digest(file)}  {file.name}\n" for file in sorted(DIST.iterdir()) if file.name != "SHA256SUMS"]
    (DIST / "SHA256SUMS").write_text("".join(sums))
    print(f"--- {DIST}/SHA256SUMS", "".join(sums), sep="\n", end="")


def digest(file):
    with file.open("rb") as octets:
        return hashlib.file_digest(octets, "sha256").hexdigest()


def run(*command, **options):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, **options)


def printed(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def emptied(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def epoch():
    """When the last commit was made, which is the date of everything here."""
    return int(printed("git", "log", "-1", "--format=%ct", cwd=ROOT))


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


def unpacked(folder):
    """The sources as a user has them, in a folder of their own."""
    with tarfile.open(SOURCE) as entries:
        entries.extractall(emptied(folder), filter="data")
    return folder / NAME


def source():
    """The last commit, with all crates, so that nothing is fetched to build it."""
    if changed := printed("git", "status", "--porcelain", cwd=ROOT):
        print(f"not in the archive, since not committed:\n{changed}", end="")
    folder = emptied(WORK / "source") / NAME
    committed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(committed)) as entries:
        entries.extractall(folder, filter="data")
    vendor = ["cargo", "vendor", "--locked", "--sync=batv-python/Cargo.toml", "vendor"]
    crates = printed(*vendor, cwd=folder, stderr=subprocess.DEVNULL)
    settings = folder / ".cargo/config.toml"
    settings.parent.mkdir()
    settings.write_text(crates)
    archive(folder, SOURCE)


def materials():
    """The bill of materials: every crate, with its licence and its hash."""
    bill = bill_of_materials.cyclonedx(unpacked(WORK / "materials"), VERSION, epoch())
    (DIST / f"{NAME}.cdx.json").write_text(json.dumps(bill, indent=2, ensure_ascii=False) + "\n")


def remapped(folder):
    """Paths of the machine that builds are nobody's business."""
    sysroot = printed("rustc", "--print", "sysroot", cwd=folder).strip()
    flags = f"--remap-path-prefix={folder}=batv --remap-path-prefix={sysroot}/lib/rustlib/src/rust=rust"
    return os.environ | {
        "RUSTFLAGS": flags,
        "CARGO_TARGET_DIR": str(folder / "target"),
        "SOURCE_DATE_EPOCH": str(epoch()),
    }


def static():
    """The programs for any Linux, where Rust has what they need."""
    target = f"{platform.machine()}-unknown-linux-musl"
    sysroot = printed("rustc", "--print", "sysroot", cwd=ROOT).strip()
    if not (Path(sysroot) / "lib/rustlib" / target / "lib").is_dir():
        print(f"no static programs: Rust's library for {target} is not installed")
        return
    folder = unpacked(WORK / "static")
    programs = folder.parent / f"batv-{VERSION}-{target}"
    options = ["--locked", "--release", "--target", target, "--package", "batv-cli", "--package", "batv-milter"]
    run("cargo", "build", *options, cwd=folder, env=remapped(folder))
    programs.mkdir()
    for file in ("batv", "batv-milter"):
        shutil.copy(folder / "target" / target / "release" / file, programs)
    for file in ("LICENSE-APACHE", "LICENSE-MIT", "docs/batv.toml", "batv-milter/batv-milter.8"):
        shutil.copy(folder / file, programs)
    archive(programs, DIST / f"{programs.name}.tar.xz")


def python():
    """The sdist, and from it the wheel, by the tools of batv-python's tests."""
    folder = unpacked(WORK / "python")
    tools = WORK / "python-tools"
    pinned = (ROOT / "batv-python/requirements.txt").read_text().splitlines()
    wanted = [line for line in pinned if line.startswith(("maturin==", "ziglang=="))]
    run(sys.executable, "-m", "venv", tools)
    run(tools / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
    environment = remapped(folder) | {"PATH": f"{tools}/bin:{os.environ['PATH']}"}
    made = emptied(WORK / "wheels")
    maturin = [tools / "bin/maturin"]
    project = ["--manifest-path", "batv-python/Cargo.toml", "--out", made]
    run(*maturin, "sdist", *project, cwd=folder, env=environment)
    options = ["--release", "--locked", "--zig", "--compatibility", "manylinux2014"]
    run(*maturin, "build", *options, *project, cwd=folder, env=environment)
    for file in made.iterdir():
        shutil.copy(file, DIST)


def debian():
    """Debian packages, built by debian/rules without a network, for Debian 12 and later."""
    folder = unpacked(WORK / "debian")
    shutil.copy(SOURCE, folder.parent / f"libbatv_{VERSION}.orig.tar.xz")
    # Debian 12's own Rust is too old, and another one is no package: hence no check of build dependencies.
    run("dpkg-buildpackage", "--no-sign", "--no-check-builddeps", cwd=folder)
    for pattern in ("*.deb", "*.dsc", "*.debian.tar.xz"):
        for file in folder.parent.glob(pattern):
            if "-dbgsym_" not in file.name:
                shutil.copy(file, DIST)


if __name__ == "__main__":
    main(sys.argv[1:])
