"""What the worker does once, before it forks a process for each job."""

from __future__ import annotations

import gc

from flask import Flask

import worker
from webapp.services.core.place import Place
from webapp.services.quoting.paper import templates


def test_jobs_find_what_was_loaded_before_them_no_garbage(app: Flask) -> None:
    try:
        worker.warm_up(app)
        assert not any(one is app for one in gc.get_objects()), "a job's search for garbage would copy it"
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_a_template_is_compiled_once_for_all_places() -> None:
    codes = {
        templates.environment(place).get_template("quote.html").root_render_func.__code__
        for place in (Place(), Place("Europe/Vienna", "de_AT"))
    }
    assert len({id(code) for code in codes}) == 1
