"""There is always someone who can administer, however many stop at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from flask import Flask

from tests.support import samples
from tests.support.waiting import blocked_sessions, wait_for
from webapp.models import Quote, User, db
from webapp.services.accounts import account_links, users
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import publishing

EIGHT = range(8)


@pytest.mark.both_databases
@pytest.mark.parametrize("how", ["demoted", "deactivated", "both"])
def test_of_eight_admins_who_stop_at_once_one_stays(app: Flask, how: str) -> None:
    with app.app_context():
        ids = [samples.admin(f"admin{number}@desk.example").id for number in EIGHT]
    together = Barrier(8)

    def stop(place: int) -> bool:
        with app.app_context():
            user = db.session.get_one(User, ids[place])
            demotes = how == "demoted" or (how == "both" and place % 2 == 0)
            db.session.commit()
            together.wait()
            try:
                users.update_user(
                    user, user, name=user.name, role="rep" if demotes else "admin", is_active=demotes
                )
            except Invalid:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        stopped = list(pool.map(stop, EIGHT))
    assert sorted(stopped) == [False] + [True] * 7
    with app.app_context():
        left = [user for user in users.list_users() if user.role == "admin" and user.is_active]
        assert len(left) == 1


def test_one_who_has_not_joined_yet_is_no_admin_to_rely_on(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        invited, token = account_links.invite(admin, email="nia@desk.example", name="Nia", role="admin")
        with pytest.raises(Invalid, match="only active admin"):
            users.update_user(admin, admin, name="Ada", role="rep", is_active=True)
        account_links.use(token, "four other plain words")
        users.update_user(admin, admin, name="Ada", role="rep", is_active=True)
        assert (admin.role, invited.role) == ("rep", "admin")


@pytest.mark.postgres
def test_an_admin_who_publishes_is_not_held_up_by_being_turned_off(app: Flask) -> None:
    with app.app_context():
        leaves, stays = samples.admin(), samples.admin("stays@desk.example")
        quote = samples.quote(leaves)
        leaves_id, stays_id, quote_id = leaves.id, stays.id, quote.id
        db.session.remove()

    def turn_off() -> None:
        with app.app_context():
            actor, user = db.session.get_one(User, stays_id), db.session.get_one(User, leaves_id)
            users.update_user(
                actor, user, name=user.name, role="admin", is_active=False, successor_id=stays_id
            )

    with app.app_context(), ThreadPoolExecutor(1) as pool, db.engine.connect() as watcher:
        with work.unit():
            editing.lock(quote_id)
            turned_off = pool.submit(turn_off)
            wait_for(partial(blocked_sessions, watcher), "the other one to wait for the quote")
            assert publishing.publish(db.session.get_one(User, leaves_id), quote_id).is_new
        turned_off.result()
        db.session.expire_all()
        assert db.session.get_one(Quote, quote_id).owner_id == stays_id
        assert not db.session.get_one(User, leaves_id).is_active
