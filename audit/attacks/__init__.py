"""The known ways in, tried: each attack yields a sentence for what it got that it must not get."""

from __future__ import annotations

from audit.attacks import accounts, inside, outside, sessions
from audit.world import World

ATTACKS = (*accounts.ATTACKS, *sessions.ATTACKS, *outside.ATTACKS, *inside.ATTACKS)


def try_all(world: World) -> list[str]:
    """Try each on the same installation, and print what it met; returns the gaps."""
    gaps: list[str] = []
    for attack in ATTACKS:
        found = list(attack(world))
        print(f"{'GAP ' if found else 'held'}  {(attack.__doc__ or '').splitlines()[0]}", flush=True)
        for gap in found:
            print(f"      - {gap}", flush=True)
        gaps += found
        world.restore()
    return gaps
