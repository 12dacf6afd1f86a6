"""What happens when the module is imported: little, and in one interpreter of a process alone."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import batv
import pytest
from conftest import DEADLINE

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(batv.__file__).parents[1])}
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
    command = [sys.executable, *options, "-c", script]
    return subprocess.check_output(command, env=ENVIRONMENT, text=True).splitlines()  # noqa: S603


def test_a_second_interpreter_is_refused() -> None:
    # The module for it is public from 3.14 on, and had other names before.
    old = importlib.util.find_spec("_xxsubinterpreters") is not None
    module, kind = (
        ("_xxsubinterpreters", "isolated=False") if old else ("_interpreters", "'legacy'")
    )
    assert run(SECOND.format(module=module, kind=kind), "-W", "ignore") == [
        "batv is already in use by another interpreter of this process",
        "user@example.com",
    ]


APPLICATION = """
try:
    import batv
    answer = batv.strip("prvs=0123456789=user@example.com")
except ImportError as error:
    answer = str(error)

def application(environ, start_response):
    start_response("200 OK", [])
    return [answer.encode()]
"""


@pytest.mark.parametrize(
    ("options", "second"),
    [
        ((), b"batv is already in use by another interpreter of this process"),
        (("--single-interpreter",), b"user@example.com"),
    ],
)
def test_uwsgi_with_two_mounts(tmp_path: Path, options: tuple[str, ...], second: bytes) -> None:
    application = tmp_path / "application.py"
    application.write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.fileno()
        command = ["uwsgi", "--http-socket", f"fd://{number}", "--manage-script-name", *options]
        for mount in ("/one", "/two"):
            command += ["--mount", f"{mount}={application}"]
        process = subprocess.Popen(command, env=ENVIRONMENT, pass_fds=[number])  # noqa: S603
        try:
            for path, answer in ((b"/one", b"user@example.com"), (b"/two", second)):
                with socket.create_connection(server.getsockname(), DEADLINE) as client:
                    client.sendall(b"GET %s HTTP/1.0\r\n\r\n" % path)
                    assert client.makefile("rb").read() == b"HTTP/1.0 200 OK\r\n\r\n" + answer
        finally:
            process.kill()
            process.wait()


AGAIN = """
import pickle, sys
{before}
for name in [name for name in sys.modules if name.startswith("batv")]:
    del sys.modules[name]
import batv
try:
    batv.strip("a@b", layers=0)
except batv.ArgumentError:
    tag = pickle.loads(pickle.dumps(batv.inspect("prvs=0123456789=a@b")))
    print(tag.dialect is batv.Dialect.DRAFT)
"""


@pytest.mark.parametrize(
    "before", ["import batv", "import batv; batv.inspect('btv1==08501234bcd==a@b')"]
)
def test_imported_again_it_has_the_same_classes(before: str) -> None:
    assert run(AGAIN.format(before=before)) == ["True"]


def test_importing_brings_little_along() -> None:
    script = "import sys; old = set(sys.modules); import batv; print(*set(sys.modules) - old)"
    [modules] = run(script, "-S")
    assert {"batv", "batv._batv", "batv._types"} <= set(modules.split())
    heavy = {"dataclasses", "datetime", "inspect", "ipaddress", "json", "pathlib", "typing"}
    assert not heavy & set(modules.split())
