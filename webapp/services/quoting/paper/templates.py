"""The templates of the document, and what they can write."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.paper import paragraphs

FOLDER = Path(__file__).parents[3] / "templates" / "document"


class _Compiled(BytecodeCache):
    """Templates, each compiled once per process and not again for each place: that takes longer than a short PDF."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Called by Jinja before it compiles a template."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Called by Jinja after it compiled one."""
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_compiled = _Compiled()


@lru_cache(maxsize=16)
def environment(place: Place) -> Environment:
    """Jinja with the filters of the document, which write numbers and times as at ``place``."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled,
    )
    made.filters |= {function.__name__: function for function in formatting.ANYWHERE_ALIKE}
    made.filters["moment_here"] = lambda value: formatting.moment(value, place).rpartition(" ")[0]
    made.filters |= {function.__name__: partial(function, place=place) for function in formatting.PLACED}
    made.filters |= {
        function.__name__: function for function in (paragraphs.paragraphs, paragraphs.lines, paragraphs.side)
    }
    return made


def preload() -> None:
    """Compile every template of the document."""
    made = environment(Place())
    for name in made.list_templates():
        made.get_template(name)
