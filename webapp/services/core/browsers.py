"""What a browser calls itself, in words that its person knows it by: “Firefox on Windows”."""

from __future__ import annotations

# What is in the name, and what it stands for; the first one wins, since each browser names those that it resembles.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)
UNKNOWN = "Unknown browser"


def browser(agent: str) -> str:
    """The browser and its system; the beginning of its own name where neither is known."""
    kind, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if kind and system:
        return f"{kind} on {system}"
    return kind or " ".join(agent.split())[:40] or UNKNOWN


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((label for part, label in names if part in agent), "")
