"""The milter among the Python module's examples, under real Postfix: it does what batv-milter does."""

import case
import servers
import test_postfix
import test_spellings
from python_milter import INTERNAL, PythonMilter

CONFIG = case.KEYS + INTERNAL
servers.Milter = PythonMilter


class RoundTrip(test_postfix.RoundTrip):
    config = CONFIG


class Spellings(test_spellings.Spellings):
    config = CONFIG
