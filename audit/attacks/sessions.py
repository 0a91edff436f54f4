"""Ways to go on with what one had, or never had: a role, a session, a link, a device."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import requests

from audit.attacks.accounts import REP, is_in
from audit.world import World, sign_in
from smoke.rep import Rep
from smoke.visitor import Visitor


def withdrawn_right(world: World) -> Iterator[str]:
    """Go on as an admin while the owner takes the role away: nothing is written afterwards."""
    admin, email = world.people["admin"], "admin@audit.example"
    user_id = world.ask("select id from user_account where email = ?", email)
    admin.open("/settings/users/new")
    form, page = admin.form(having="role"), admin.url
    world.owner.open(f"/settings/users/{user_id}")
    change = world.owner.form(having="role")

    def invite(number: int) -> None:
        values = {"name": f"Eve {number}", "email": f"eve{number}@evil.example", "role": "admin"}
        admin.session.post(page, data=dict(form.fill(dict(values))), headers={"Referer": page}, timeout=60)

    def demote() -> None:
        world.owner.send(change, {"role": "rep"})

    with ThreadPoolExecutor(9) as pool:
        first = [pool.submit(invite, number) for number in range(4)]
        demoted = pool.submit(demote)
        rest = [pool.submit(invite, number) for number in range(4, 12)]
        for done in (*first, demoted, *rest):
            done.result()
    if world.ask("select role from user_account where id = ?", user_id) != "rep":
        yield "the owner couldn't take the role away: the attempt did not reach the product"
    query = "select max(id) from diary_entry where action = 'user.changed' and object_id = ?"
    at = world.ask(query, str(user_id))
    query = "select count(*) from diary_entry where actor = ? and action = 'user.created' and id > ?"
    if world.ask(query, email, at):
        yield "accounts were created with a role that was taken away"


def forged_sign_outs(world: World) -> Iterator[str]:
    """Sign someone out with messages that no sign-in provider signed, and with made-up session IDs."""
    rep = Rep(world.stack.web_url)
    sign_in(rep, REP)
    claims = {"iss": "https://evil.example", "aud": "x", "sub": "1", "sid": "", "events": {}}
    forged = ".".join(
        urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims)
    )
    for text in ("", f"{forged}.", f"{forged}.AA", "x" * 70_000):
        answer = requests.post(
            f"{world.stack.web_url}/sso/backchannel-logout", data={"logout_token": text}, timeout=60
        )
        if answer.status_code != 400:
            yield f"a forged message was answered with {answer.status_code}"
    for query in ({}, {"iss": "", "sid": ""}, {"iss": "https://evil.example", "sid": "1"}):
        answer = requests.get(
            f"{world.stack.web_url}/sso/frontchannel-logout", params=dict(query), timeout=60
        )
        if answer.status_code != 403:
            yield f"a made-up sign-out was answered with {answer.status_code}"
    if not is_in(rep):
        yield "someone was signed out by a forged message"


def guessed_links(world: World) -> Iterator[str]:
    """Guess the link of an invitation: it's refused, in the audit trail with its address, and doesn't fill it."""
    for number in range(15):
        answer = requests.get(f"{world.stack.web_url}/join/guess{number}", timeout=60)
        if answer.status_code not in (404, 429):
            yield f"a guessed link was answered with {answer.status_code}"
    query = "select count(*) from diary_entry where action = 'user.link_refused' and address != ''"
    if world.ask(query) != 1:
        yield f"{world.ask(query)} entries of the audit trail say so instead of one"


def borrowed_trust(world: World) -> Iterator[str]:
    """Skip the second step with a made-up cookie: it's still asked for where it's due."""
    world.owner.open("/settings/sign-in")
    world.owner.send(world.owner.form(having="trusts_devices"), {"trusts_devices": True})
    world.do("update user_account set owes_two_step = 1 where email = 'rep@audit.example'")
    user_id = world.ask("select id from user_account where email = ?", REP)
    for value in ("1", f"trusted-device {user_id} 0 1 4102444800"):
        visitor = Visitor(world.stack.web_url)
        visitor.session.cookies.set("trusted", value)
        sign_in(visitor, REP)
        if is_in(visitor):
            yield "a made-up cookie stood for the second step"


ATTACKS = (withdrawn_right, forged_sign_outs, guessed_links, borrowed_trust)
