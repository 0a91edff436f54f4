"""What stops a start, told in a sentence."""

from __future__ import annotations


class StackError(Exception):
    """The stack can't start or go on; the message is a sentence for the person at the terminal."""
