"""What happens when the module is imported: little, and in one interpreter of a process alone."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import batv

SECOND = """
import sys
import batv
import {module} as interpreters

second = interpreters.create({kind})
interpreters.run_string(second, '''
try:
    import batv
except ImportError as error:
    print(error, flush=True)
''')
interpreters.destroy(second)

# The first one may import it again.
for name in [name for name in sys.modules if name.startswith("batv")]:
    del sys.modules[name]
import batv
print(batv.strip("prvs=0123456789=user@example.com"))
"""


def run(script: str, *options: str) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(batv.__file__).parents[1])}
    command = [sys.executable, *options, "-c", script]
    return subprocess.check_output(command, env=environment, text=True).splitlines()  # noqa: S603


def test_a_second_interpreter_is_refused() -> None:
    # The module for it is public from 3.14 on, and had other names before.
    old = importlib.util.find_spec("_xxsubinterpreters") is not None
    module, kind = (
        ("_xxsubinterpreters", "isolated=False") if old else ("_interpreters", "'legacy'")
    )
    assert run(SECOND.format(module=module, kind=kind), "-W", "ignore") == [
        "batv is already used by another interpreter of this process",
        "user@example.com",
    ]


def test_importing_brings_little_along() -> None:
    script = "import sys; old = set(sys.modules); import batv; print(*set(sys.modules) - old)"
    [modules] = run(script, "-S")
    assert {"batv", "batv._batv", "batv._types"} <= set(modules.split())
    heavy = {"dataclasses", "datetime", "inspect", "ipaddress", "json", "pathlib", "typing"}
    assert not heavy & set(modules.split())
