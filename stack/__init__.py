"""The supervisor that runs the whole product on one machine: Redis, web, worker, the Autotask sandbox.

``python -m stack run`` is what ``make run`` starts; tests and ``make smoke`` use the same code as a context
manager. The product itself never imports this package.
"""

from __future__ import annotations

from stack.errors import StackError
from stack.options import Options
from stack.supervisor import Stack

__all__ = ["Options", "Stack", "StackError"]
