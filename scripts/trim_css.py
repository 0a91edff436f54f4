"""Cut the vendored style sheet down to what our pages use: ``python scripts/trim_css.py``.

Reads webapp/static/vendor/tabler/tabler.min.css (its hash is in VENDOR.json). Writes tabler.css, and tabler-offer.css
for the customer's page, which loads on phones. A rule stays when each class and data attribute in its selector is a
word of a template, a script or a module of the product; variables and animations stay when something that stays uses
them. A test compares the results with the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

WEBAPP = Path(__file__).resolve().parent.parent / "webapp"
SOURCE = WEBAPP / "static/vendor/tabler/tabler.min.css"
CSS = WEBAPP / "static/css"
# By style sheet: where classes stand that its pages use.
USERS = {
    "tabler.css": ("templates/**/*.html", "static/js/*.js", "blueprints/**/*.py", "filters.py"),
    "tabler-offer.css": ("templates/public/*.html", "static/js/offer.js"),
}
# Classes that a template puts together.
PUT_TOGETHER = re.compile(
    r"bg-(secondary|blue|azure|orange|green|red|yellow)-lt|alert-(danger|info|success|warning)"
)
# In place of a selector that is costly. With “legend + *”, a browser styles all rows of a long list again whenever one
# is added, moved or taken away: with 300 lines, that was half of what the page's thread did.
CHEAPER = {"legend+*": "fieldset>:not(legend)"}
HEAD = "/* What our pages use of vendor/tabler/tabler.min.css (@tabler/core, MIT). Made by scripts/trim_css.py. */\n"
CLASS = re.compile(r"\.(-?[A-Za-z_](?:\\.|[\w-])*)")
DATA = re.compile(r"\[(data-[\w-]+)")
VARIABLE = re.compile(r"(?<=[{;])(--[\w-]+):((?:\"[^\"]*\"|'[^']*'|\([^)]*\)|[^;{}\"'(])*)(;|(?=\}))")


def words(users: Iterable[str]) -> set[str]:
    """Every word that may be a class, from what makes the pages."""
    paths = [path for pattern in users for path in sorted(WEBAPP.glob(pattern))]
    return {word for path in paths for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))}


def trim(css: str, used: set[str]) -> str:
    """The rules of ``css`` whose classes are all in ``used``."""
    kept = _rules(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL), used)
    return _without_unused(kept)


def blocks(css: str) -> Iterator[tuple[str, str | None]]:
    """Each statement at the top of ``css``: what stands before its braces, and what is in them (None: a semicolon)."""
    start = depth = opened = 0
    for found in re.finditer(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|url\([^)"\']*\)|[{};]', css):
        sign = found[0]
        if sign == "{":
            depth += 1
            if depth == 1:
                opened = found.start()
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : found.start()]
                start = found.end()
        elif sign == ";" and depth == 0:
            yield css[start : found.start()].strip(), None
            start = found.end()


def _rules(css: str, used: set[str]) -> str:
    kept = []
    for head, body in blocks(css):
        if body is None:
            # The server says the encoding, and "@charset" would have to come first.
            kept += [] if head.startswith("@charset") else [f"{head};"]
        elif head.startswith(("@media", "@supports", "@container", "@layer")):
            inside = _rules(body, used)
            kept += [f"{head}{{{inside}}}"] if inside else []
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [CHEAPER.get(one, one) for one in _listed(head) if _is_used(one, used)]
            kept += [f"{','.join(selectors)}{{{body}}}"] if selectors and body else []
    return "\n".join(kept)


def _listed(selectors: str) -> Iterable[str]:
    """The selectors of a list; a comma in parentheses belongs to one of them."""
    return (one.strip() for one in re.split(r",(?![^(]*\))", selectors))


def _is_used(selector: str, used: set[str]) -> bool:
    # What a rule excludes needn't be used.
    needed = re.sub(r":not\([^()]*\)", "", selector)
    names = [*CLASS.findall(needed), *DATA.findall(needed)]
    return all(name.replace("\\", "") in used or PUT_TOGETHER.fullmatch(name) for name in names)


def _without_unused(css: str) -> str:
    """Without animations and variables that nothing names; our own style sheets may name variables too."""
    own = "".join(
        path.read_text(encoding="utf-8") for path in sorted(CSS.glob("*.css")) if path.name not in USERS
    )
    for name in set(re.findall(r"@keyframes ([\w-]+)", css)):
        if not re.search(rf"animation[^;}}]*\b{name}\b", css):
            css = re.sub(rf"@keyframes {name}\{{(?:[^{{}}]*\{{[^{{}}]*\}})*[^{{}}]*\}}\n?", "", css)
    while True:
        named, smaller = set(re.findall(r"var\(\s*(--[\w-]+)", css + own)), css
        for unused in {found[1] for found in VARIABLE.finditer(css)} - named:
            smaller = re.sub(VARIABLE.pattern.replace(r"--[\w-]+", unused), "", smaller)
        smaller = re.sub(r"[^{}\n]+\{;*\}\n?", "", smaller)
        if smaller == css:
            return css
        css = smaller


def made(name: str) -> str:
    """The text of a trimmed style sheet."""
    return HEAD + trim(SOURCE.read_text(encoding="utf-8"), words(USERS[name])) + "\n"


if __name__ == "__main__":
    for target in USERS:
        (CSS / target).write_text(made(target), encoding="utf-8")
