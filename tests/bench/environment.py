"""A Python with batv, as the benchmarks need one that run in it or run a program in it."""

import importlib.util
import subprocess
import sys
import sysconfig
from pathlib import Path

from table import ROOT, TARGET

ENVIRONMENT = TARGET / "python/bench"


def make(*names):
    """Makes the environment anew, with these of the packages that batv-python's tests have: its Python."""
    packages = [] if importlib.util.find_spec("ensurepip") else ["python3-venv"]
    if "pymilter" in names:
        # It comes as sources only.
        packages += ["libmilter-dev"]
        packages += [] if Path(sysconfig.get_path("include"), "Python.h").exists() else ["python3-dev"]
    subprocess.run(["tests/packages", *packages], cwd=ROOT, check=True)
    pinned = (ROOT / "batv-python/requirements.txt").read_text().splitlines()
    requirements = [line for line in pinned if line.partition("==")[0] in names]
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    python = ENVIRONMENT / "bin/python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, ROOT / "batv-python", *requirements], check=True)
    return python


def enter(build):
    """Returns in the environment only: outside, `build` makes it, and this program is run in it instead."""
    if Path(sys.prefix) != ENVIRONMENT:
        sys.exit(subprocess.run([build(), "-B", *sys.argv], check=False).returncode)
