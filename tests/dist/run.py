#!/usr/bin/env python3
"""`make dist-check`: what `make dist` has made is built, installed, used, upgraded and purged.

All in folders with Debian 12 and Debian 13, as root. Nothing of this machine is there but the files of
target/dist, and no network but for Debian's own packages. `tests/dist/run.py bookworm` runs a part: `lintian`,
`source`, `bookworm`, `trixie`. A part of its own is `reproduce`, which takes as long as `make dist` and needs
no root: the same octets from another folder, without git.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

from folders import ROOT, TARGET, WORK, base, copy

DIST = TARGET / "dist"
PACKAGES = ["libbatv0", "libbatv-dev", "batv", "batv-milter", "python3-batv"]
# What packages need of systemd where that does not run.
STANDALONE = ["systemd-standalone-sysusers", "systemd-standalone-tmpfiles"]
EXIM = ["exim4-daemon-heavy", "gcc", "libc6-dev", "man-db", "pkg-config", "python3", "python3-venv"]
POSTFIX = ["postfix", "postfix-pcre", "python3"]


def main(parts):
    known = {
        "lintian": lintian,
        "source": source,
        "bookworm": lambda: packages("bookworm"),
        "trixie": lambda: packages("trixie"),
        "reproduce": reproduce,
    }
    if not (DIST / "SHA256SUMS").exists():
        sys.exit(f"nothing to check in {DIST}: first `make dist`")
    sums()
    for part in parts or list(known)[:-1]:
        start = time.monotonic()
        known[part]()
        print(f"{part}: good, {time.monotonic() - start:.0f} s", flush=True)


def check(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def sums():
    """SHA256SUMS is about all files, and true."""
    lines = [line.split("  ") for line in (DIST / "SHA256SUMS").read_text().splitlines()]
    check(
        [name for _, name in lines], sorted(file.name for file in DIST.iterdir() if file.name != "SHA256SUMS"), "sums"
    )
    for digest, name in lines:
        check(hashlib.sha256((DIST / name).read_bytes()).hexdigest(), digest, name)


def needs(*packages):
    """Debian packages on this machine, and root, for Debian in folders."""
    if os.getuid():
        sys.exit("make dist-check needs root: for Debian in folders")
    subprocess.run([ROOT / "tests/packages", *packages], check=True)


def lintian():
    """No errors, and no warnings but those that an override explains."""
    needs("lintian")
    wanted = [*files(), *DIST.glob("*.dsc")]
    command = ["lintian", "--allow-root", "--fail-on=error,warning", "--tag-display-limit=0", *wanted]
    subprocess.run(command, check=True)


def reproduce():
    """The same octets from a folder of another depth, without git."""
    [archive] = DIST.glob("libbatv-*.tar.xz")
    folder = WORK / "reproduce/at/another/depth"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-x", "--strip-components=1", "-f", archive, "-C", folder], check=True)
    environment = {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}
    subprocess.run(["make", "dist"], cwd=folder, env=environment, check=True)
    made = (folder / "target/dist/SHA256SUMS").read_text().splitlines()
    check(made, (DIST / "SHA256SUMS").read_text().splitlines(), "sums")
    shutil.rmtree(WORK / "reproduce")


def source():
    """The source archive builds with Debian 13's own Rust, without a network."""
    needs("debootstrap", "iproute2")
    [archive] = DIST.glob("libbatv-*.tar.xz")
    with copy(base("trixie", "cargo", "make", "gcc", "libc6-dev", "xz-utils"), "source") as system:
        shutil.copy(archive, system.path / "tmp")
        print(system.shell("cargo --version"), end="")
        system.shell(
            f"cd /tmp && tar xf {archive.name} && cd {archive.name.removesuffix('.tar.xz')} &&"
            " make && make install && ldconfig && cd batv-python &&"
            " PYO3_NO_PYTHON=1 PYO3_BUILD_EXTENSION_MODULE=1 cargo check --quiet --locked"
        )
        check(system.run("batv", "strip", "prvs=0123456789=user@example.com"), "user@example.com\n", "batv")
        system.run("batv-milter", "--version")


def files(pattern="*.deb"):
    found = sorted(DIST.glob(pattern))
    check(sorted(file.name.split("_")[0] for file in found), sorted(PACKAGES), "packages")
    return found


def earlier(folder):
    """The same packages as an earlier version, from which to upgrade."""
    folder.mkdir(parents=True)
    for file in files():
        version = file.name.split("_")[1]
        content = WORK / "earlier"
        shutil.rmtree(content, ignore_errors=True)
        subprocess.run(["dpkg-deb", "-R", file, content], check=True)
        control = content / "DEBIAN/control"
        control.write_text(control.read_text().replace(version, f"{version}~earlier"))
        output = folder / file.name
        subprocess.run(
            ["dpkg-deb", "-b", "-Znone", "--root-owner-group", content, output], check=True, stdout=subprocess.DEVNULL
        )
        shutil.rmtree(content)


def packages(suite):
    needs("debootstrap", "iproute2")
    with copy(base(suite, *STANDALONE, *EXIM), f"{suite}-exim") as system:
        before = system.files()
        bring(system)
        # First an earlier version, then its upgrade.
        system.shell("dpkg -i /root/earlier/*.deb")
        # The daemon does not run before it is configured.
        milter = ["batv-milter", "--config", "/etc/batv/batv.toml", "--check"]
        assert "/etc/batv/batv.toml" in system.run(*milter, fails=True)
        use_keys(system)
        use_exim(system)
        keys = system.shell("sha256sum /etc/batv/*")
        system.shell("dpkg -i /root/debs/*.deb")
        check(system.shell("sha256sum /etc/batv/*"), keys, "keys after the upgrade")
        keys_are_guarded(system)
        use_exim(system)
        use_library(system)
        use_python(system)
        use_wheel(system)
        use_static(system)
        manual_pages(system)
        units(system)
        purge(system, before)
    with copy(base(suite, *STANDALONE, *POSTFIX), f"{suite}-postfix") as system:
        before = system.files()
        bring(system)
        system.shell("dpkg -i /root/debs/*.deb")
        use_keys(system)
        use_postfix(system)
        purge(system, before)


def bring(system):
    """Our packages, and the programs of these tests."""
    (system.path / "root/debs").mkdir()
    for file in files():
        shutil.copy(file, system.path / "root/debs")
    earlier(system.path / "root/earlier")
    for pattern in ("*.whl", "*-linux-musl.tar.xz"):
        for file in DIST.glob(pattern):
            shutil.copy(file, system.path / "root")
    shutil.copy(ROOT / "tests/dist/mail.py", system.path / "root/mail.py")
    system.shell("useradd --create-home --base-dir /tmp alice")


def use_keys(system):
    """What the documents have an administrator do."""
    check(system.shell("stat -c '%a %U %G' /etc/batv"), "750 root batv\n", "the folder of the keys")
    system.shell("install -g batv -m 640 /dev/null /etc/batv/batv.toml && batv keygen >/etc/batv/other.key")
    system.shell("chgrp batv /etc/batv/other.key && chmod 640 /etc/batv/other.key")
    system.shell("batv --config /etc/batv/batv.toml keys new --for example.com")
    settings = 'default-domain = "example.com"\ninternal-networks = ["127.0.0.1"]'
    file = system.path / "etc/batv/batv.toml"
    socket = '[milter]\nsocket = "unix:/var/spool/postfix/batv/milter.sock"'
    file.write_text(f"{file.read_text()}\n[policy]\n{settings}\n\n{socket}\n")
    check(system.shell("batv config check /etc/batv/batv.toml"), "/etc/batv/batv.toml: good\n", "warnings")
    keys_are_guarded(system)


def keys_are_guarded(system):
    """Readable by those who must, and by nobody else."""
    for name in ("batv.toml", "other.key"):
        check(system.shell(f"stat -c '%a %U %G' /etc/batv/{name}"), "640 root batv\n", name)
        system.run("setpriv", "--reuid=batv", "--regid=batv", "--init-groups", "cat", f"/etc/batv/{name}")
        nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        assert "Permission denied" in system.run(*nobody, "cat", f"/etc/batv/{name}", fails=True)


def use_exim(system):
    """Debian's split configuration with the four files of the package."""
    system.shell(
        """
        echo example.com >/etc/mailname
        sed -i "s/^dc_eximconfig_configtype=.*/dc_eximconfig_configtype='smarthost'/
            s/^dc_other_hostnames=.*/dc_other_hostnames='example.com'/
            s/^dc_local_interfaces=.*/dc_local_interfaces='127.0.0.1'/
            s/^dc_smarthost=.*/dc_smarthost='127.0.0.3::2525'/
            s/^dc_use_split_config=.*/dc_use_split_config='true'/" /etc/exim4/update-exim4.conf.conf
        cp -r /usr/share/doc/batv/examples/exim4/. /etc/exim4
        install -g Debian-exim -m 640 /etc/batv/batv.toml /etc/exim4/batv.toml
        rm -f /var/mail/alice
        """
    )
    print(system.run("python3", "/root/mail.py", "exim").splitlines()[-1], flush=True)


def use_postfix(system):
    """docs/postfix.md."""
    document = (ROOT / "docs/postfix.md").read_text()
    [settings] = re.findall(r"block: main.cf -->\n *```\n(.*?)```", document, re.DOTALL)
    system.write("/etc/postfix/batv_users", "alice@example.com alice@example.com\n")
    system.write(
        "/etc/postfix/main.cf",
        "\n".join(line.strip() for line in settings.splitlines())
        + """
compatibility_level = 3.6
myhostname = mx.example.com
myorigin = example.com
mydestination = example.com
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [127.0.0.3]:2525
alias_maps =
biff = no
maillog_file = /var/log/postfix.log
""",
    )
    system.shell(
        "cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf && cp /usr/share/batv/batv_strip.pcre /etc/postfix"
    )
    system.shell("postconf -M postlog/unix-dgram='postlog unix-dgram n - n - 1 postlogd'")
    check(system.shell("stat -c '%a %U %G' /var/spool/postfix/batv"), "2750 batv postfix\n", "the folder of the socket")
    system.shell("batv-milter --config /etc/batv/batv.toml --check")
    print(system.run("python3", "/root/mail.py", "postfix").splitlines()[-1], flush=True)


def use_library(system):
    """A program in C, with what pkg-config says, shared and static."""
    example = "/usr/share/doc/libbatv-dev/examples/sign.c"
    system.shell(f"cc -Wall -Werror {example} -o /tmp/shared $(pkg-config --cflags --libs batv)")
    system.shell(f"cc -static {example} -o /tmp/static $(pkg-config --static --cflags --libs batv)")
    check(system.run("/tmp/shared", "user@example.com"), system.run("/tmp/static", "user@example.com"), "sign.c")
    assert "libbatv.so.0" in system.shell("ldd /tmp/shared")


def use_python(system, python="python3"):
    program = (
        "import batv, importlib.metadata; print(batv.strip('prvs=0123456789=a@b'), importlib.metadata.version('batv'))"
    )
    [version] = {file.name.split("_")[1].split("-")[0] for file in files()}
    check(system.run(python, "-W", "error", "-c", program), f"a@b {version}\n", python)


def use_wheel(system):
    system.shell("python3 -m venv /tmp/venv && /tmp/venv/bin/pip install --quiet --no-index /root/*.whl")
    use_python(system, "/tmp/venv/bin/python")


def use_static(system):
    """The static programs, where `make dist` could make them."""
    for file in DIST.glob("*-linux-musl.tar.xz"):
        program = f"/tmp/{file.name.removesuffix('.tar.xz')}/batv"
        system.shell(f"tar -xf /root/{file.name} -C /tmp && ! ldd {program}")
        check(system.run(program, "strip", "prvs=0123456789=a@b"), "a@b\n", program)


def manual_pages(system):
    """`man` finds every page, and reads it without a complaint."""
    listed = system.shell("dpkg -L " + " ".join(PACKAGES))
    pages = re.findall(r"/man/man(\d)/(.+)\.\d\.gz", listed)
    assert {
        ("1", "batv"),
        ("3", "batv_keyring_sign"),
        ("3", "libbatv"),
        ("5", "batv.toml"),
        ("8", "batv-milter"),
    } <= set(pages)
    wanted = [f"/usr/share/man/man{section}/{name}.{section}.gz" for section, name in pages]
    found = system.shell("\n".join(f"man -w {section} {name}" for section, name in pages)).split()
    check(found, wanted, "manual pages")


def units(system):
    """Nothing is enabled by installing it."""
    check(
        system.shell("find /etc/systemd -name '*batv*'"),
        "",
        "enabled units",
    )
    listed = system.shell("dpkg -L batv batv-milter")
    found = re.findall(r"^(?:/usr)?/lib/systemd/system/(.+)$", listed, re.MULTILINE)
    check(
        sorted(found), ["batv-keys@.service", "batv-milter.service", "batv-prune.timer", "batv-rotate.timer"], "units"
    )


def purge(system, before):
    """What is left is the administrator's; without that, nothing."""
    own = {"etc/batv/batv.toml", "etc/batv/other.key"}
    system.shell("dpkg --purge " + " ".join(PACKAGES))
    left = {name for name in system.files() - before if "batv" in name}
    left = {name for name in left if not name.startswith(("etc/exim4/", "etc/postfix/"))}
    check(left, own | {"etc/batv"}, "left after the purge")
    system.run("getent", "passwd", "batv")
    # Once more, with nothing of an administrator's.
    system.shell("rm /etc/batv/*; dpkg -i /root/debs/*.deb; dpkg --purge " + " ".join(PACKAGES))
    left = {name for name in system.files() - before if "batv" in name}
    left = {name for name in left if not name.startswith(("etc/exim4/", "etc/postfix/"))}
    check(left, set(), "left after the second purge")
    system.run("getent", "passwd", "batv", fails=True)


if __name__ == "__main__":
    main(sys.argv[1:])
