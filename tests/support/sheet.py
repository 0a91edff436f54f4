"""The sheet of a quote without its script: the forms that the script would put into the rows, and each line's page."""

from __future__ import annotations

import html
import re

from smoke.forms import Form, read_forms
from tests.support.visitor import Visitor

ROW = re.compile(r'id="row-([\w-]+)"[^>]*data-seen="([^"]*)"(.*?)</div>', re.DOTALL)
CELL = re.compile(
    r'<span class="cell[^>]*data-cell="(\w+)"([^>]*)>(.*?)(?=<span class="(?:cell|line-end))', re.DOTALL
)


def entered(visitor: Visitor, page: str) -> list[Form]:
    """The form of each row of the sheet, as the script opens it."""
    text = visitor.client.get(page).text
    return [_form(page, uid, seen, cells, token(text)) for uid, seen, cells in ROW.findall(text)]


def token(text: str) -> str:
    """The CSRF token that the script sends."""
    found = re.search(r'"X-CSRFToken": "([^"]+)"', text)
    assert found
    return found[1]


def line_form(visitor: Visitor, page: str, number: int = 1) -> Form:
    """The form on the page of a line, which its name in the sheet links to."""
    address = ROW.findall(visitor.client.get(page).text)[number - 1][0]
    forms = read_forms(visitor.client.get(f"{page}/lines/{address}").text)
    return next(form for form in forms if "quantity" in form.names())


def _form(page: str, uid: str, seen: str, cells: str, csrf: str) -> Form:
    fields = [("csrf_token", csrf), ("seen", seen)]
    for name, attributes, inner in CELL.findall(cells):
        value = re.search(r'data-value="([^"]*)"', attributes)
        named = re.search(r'class="line-name"[^>]*>([^<]*)<', inner)
        text = value[1] if value else named[1] if named else inner.partition("<")[0]
        fields.append((f"{name}_value" if name == "discount" else name, html.unescape(text)))
        kind = re.search(r'data-kind="(\w+)"', attributes)
        if kind:
            fields.append(("discount_kind", kind[1].replace("none", "percent")))
    return Form(f"{page}/lines/{uid}", "post", f"form-{uid}", fields)
