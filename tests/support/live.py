"""The whole product, running: Redis, web, worker, sandbox and the example company, on free ports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack import Options, Stack


@pytest.fixture(scope="session")
def live_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack for all tests of one process, which share its data: each creates what it looks at."""
    data = tmp_path_factory.mktemp("stack")
    with Stack(Options(data=data, port=0, sandbox_port=0, web_processes=1)) as stack:
        yield stack
