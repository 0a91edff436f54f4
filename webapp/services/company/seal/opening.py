"""Whether a PKCS#12 file can be opened in seconds: a program of its own, which is ended when it takes longer.

A file says how much work its password is, for each part of it and inside of what is encrypted too. A few bytes can
ask for hours, and a thread that is in the library can't be ended.
"""

from __future__ import annotations

import resource
import subprocess
import sys

# Of the processor, and on the clock. A real file takes far less than one.
SECONDS, AT_MOST = 10, 40
OPENED, UNSUPPORTED, CLOSED = 0, 3, 4


class TooMuchWork(Exception):
    """It took longer than any real file."""


def attempt(content: bytes, password: bytes) -> int:
    """How opening the file ends: ``OPENED``, ``UNSUPPORTED`` (its encryption) or ``CLOSED``. Raises TooMuchWork, or
    OSError where there is no such program.
    """
    # -P: the names of the modules beside this one are also those of others.
    command = [sys.executable, "-P", __file__, str(SECONDS)]
    given = len(password).to_bytes(4, "big") + password + content
    try:
        ended = subprocess.run(command, input=given, capture_output=True, timeout=AT_MOST, check=False)
    except subprocess.TimeoutExpired as error:
        raise TooMuchWork from error
    if ended.returncode < 0:
        # By the system, when its seconds were over.
        raise TooMuchWork
    if ended.returncode not in (OPENED, UNSUPPORTED, CLOSED):
        raise OSError(f"the program that opens a key ended with {ended.returncode}")
    return ended.returncode


def main(given: bytes) -> int:
    """The program. ``given``: the length of the password in four bytes, the password, and the file."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    end = 4 + int.from_bytes(given[:4], "big")
    try:
        pkcs12.load_key_and_certificates(given[end:], given[4:end] or None)
    except UnsupportedAlgorithm:
        return UNSUPPORTED
    except BaseException:  # noqa: BLE001  the library ends some files in a panic
        return CLOSED
    return OPENED


if __name__ == "__main__":
    # It ends by itself too, however the one that started it ended.
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1])))
    sys.exit(main(sys.stdin.buffer.read()))
