"""A Python program that finds this file has a clock that is CHAOS_CLOCK seconds ahead, as on a machine set wrong."""

import os

import time_machine

_ahead = float(os.environ["CHAOS_CLOCK"])


def _move() -> None:
    import datetime

    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=_ahead)
    time_machine.travel(then, tick=True).start()


_move()
