"""The templates of the document, and what they can write."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.services.core import formatting
from webapp.services.core.place import Place
from webapp.services.quoting.paper import paragraphs

FOLDER = Path(__file__).parents[3] / "templates" / "document"


@lru_cache(maxsize=16)
def environment(place: Place) -> Environment:
    """Jinja with the filters of the document, which write numbers and times as at ``place``."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {function.__name__: function for function in formatting.ANYWHERE_ALIKE}
    made.filters["moment_here"] = lambda value: formatting.moment(value, place).rpartition(" ")[0]
    made.filters |= {function.__name__: partial(function, place=place) for function in formatting.PLACED}
    made.filters |= {
        function.__name__: function for function in (paragraphs.paragraphs, paragraphs.lines, paragraphs.side)
    }
    return made
