"""Markdown becomes HTML that is safe whatever was typed, and plain text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.services.catalog import rich_text

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![track](https://evil.example/pixel.png)",
    "![][1]\n\n[1]: https://evil.example/pixel.png",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt&#58;alert(1))",
    "[click](java\tscript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox(1))",
    "<javascript:alert(1)>",
    "[click](//evil.example/x)",
    "[click](/settings/users)",
    '[a](https://x.example "onmouseover=alert(1)")',
    '[a](https://x.example/"onmouseover="alert(1))',
    "<a href='https://x.example' onclick='alert(1)'>x</a>",
    "<svg onload=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<base href=https://evil.example><form action=https://evil.example><input>",
    "`<script>alert(1)</script>`",
    '```html" onclick="alert(1)\n<script>\n```',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "| <img src=x onerror=alert(1)> |\n|---|\n| <script>x</script> |",
    "[" * 3000 + "](" * 3000,
    "> " * 3000 + "deep",
    "* " * 3000,
)
TAG = re.compile(r"<(/?)([a-z0-9]+)((?:[^<>\"]|\"[^\"]*\")*)>")
ATTRIBUTE = re.compile(r"\s+([a-z]+)=\"([^\"]*)\"")


def check(html: str) -> None:
    """Every tag and attribute is an allowed one, and nothing else looks like a tag."""
    assert "<" not in TAG.sub("", html)
    for _, tag, inside in TAG.findall(html):
        assert tag in rich_text.TAGS, tag
        assert ATTRIBUTE.sub("", inside).strip() in ("", "/"), inside
        for name, value in ATTRIBUTE.findall(inside):
            assert name in ("href", "title", "rel", "start"), name
            if name == "href":
                assert value.lower().startswith(("http://", "https://", "mailto:")), value


@pytest.mark.parametrize("markdown", NASTY)
def test_nothing_that_acts_survives(markdown: str) -> None:
    html = str(rich_text.html(markdown))
    check(html)
    assert "<img" not in html
    assert "<script" not in html
    rich_text.text(markdown)


@given(st.text(alphabet=st.sampled_from("<>\"'&[]()!*_`#-|:/ \n\tjavscriptonhef=x1."), max_size=80))
def test_nothing_that_acts_survives_in_any_text(markdown: str) -> None:
    check(str(rich_text.html(markdown)))


def test_what_people_write_is_shown() -> None:
    html = str(
        rich_text.html(
            "# Fast\n**8 ports**, *quiet*\nand [more](https://x.example/a?b=1&c=2)\n\n1. one\n2. two"
        )
    )
    assert html == (
        "<h3>Fast</h3>\n<p><strong>8 ports</strong>, <em>quiet</em><br>\nand "
        '<a href="https://x.example/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">more</a></p>\n'
        "<ol>\n<li>one</li>\n<li>two</li>\n</ol>\n"
    )
    assert "<td>1</td>" in rich_text.html("| a |\n|---|\n| 1 |")


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("", ""),
        (
            "Four posts, 42 units.\nAvec vis — 長いネジ付き.",
            "Four posts, 42 units.\nAvec vis — 長いネジ付き.",
        ),
        ("First\n\nSecond", "First\n\nSecond"),
        ("2 * 3 * 4, snake_case_name & <b>", "2 * 3 * 4, snake_case_name & <b>"),
        ("**Bold**, *it*, ~~gone~~ and `code`", "Bold, it, gone and code"),
        ("# Head\ntext", "Head\n\ntext"),
        ("- a\n- b\n  - c\n\nafter", "• a\n• b\n  • c\n\nafter"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("- first\n  second", "• first\n  second"),
        ("[docs](https://x.example)", "docs (https://x.example)"),
        ("<https://x.example>, <me@x.example>", "https://x.example, me@x.example"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\nend", "a | b\n1 | 2\n\nend"),
        ("```\nkeep  this\n```", "keep  this"),
        ("> said", "said"),
        ("A\n\n---\n\nB", "A\n\n---\n\nB"),
    ],
)
def test_plain_text_keeps_the_words_and_the_lines(markdown: str, plain: str) -> None:
    assert rich_text.text(markdown) == plain


@given(st.text(max_size=200))
def test_plain_text_can_be_made_of_any_text(markdown: str) -> None:
    assert "\x00" not in rich_text.text(markdown.replace("\x00", ""))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=60))
def test_escaped_text_says_the_same(line: str) -> None:
    assert rich_text.text(rich_text.escaped(line)) == line


@pytest.mark.parametrize(
    "plain",
    [
        "5*4*3 and a_b_c",
        "# of ports: 24",
        "C:\\!x &amp;",
        "3) third",
        "__init__",
        "text\n-----\nmore",
        "a|b\n-|-",
    ],
)
def test_a_description_that_is_no_markdown_keeps_its_signs(plain: str) -> None:
    assert rich_text.text(rich_text.escaped(plain)) == plain


def test_a_short_text_makes_no_endless_table() -> None:
    wide = ("|" + "a|" * 250 + "\n|" + "-|" * 250 + "\n" + "b\n" * 200 + "\n") * 8
    assert len(rich_text.html(wide)) < 10 * len(wide)
