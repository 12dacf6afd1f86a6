"""The milter among the Python module's examples, run as batv-milter is.

BATV_PYTHON is a Python with the modules batv and pymilter.
"""

import os
import subprocess
from pathlib import Path

import servers
from mail import ROOT, clock, wait_until

EXAMPLE = ROOT / "batv-python/examples/pymilter_filter.py"
# batv-milter takes the machine itself for internal without being told.
INTERNAL = 'internal-networks = ["127.0.0.1"]\n'


class PythonMilter(servers.Milter):
    def __init__(self, folder, socket, *options):
        super().__init__(folder, socket, *options)
        self.socket = socket

    def start(self):
        path = Path(self.socket.removeprefix("unix:"))
        command = [os.environ["BATV_PYTHON"], EXAMPLE, "--config", self.config, "--socket", self.socket]
        with self.log_file.open("ab") as log:
            environment = os.environ | (clock(self.date) if self.date else {})
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=log)

        def listens():
            if self._process.poll() is not None:
                raise RuntimeError(f"the milter ended: {self.log}")
            return path.is_socket()

        wait_until(listens, "milter")
        path.chmod(0o666)
