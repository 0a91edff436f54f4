"""Ways in through accounts: passwords, cookies, guesses, and moments when nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import requests

from audit.world import OWNER, World, sign_in
from smoke.admin import PASSWORD
from smoke.forms import Form
from smoke.rep import Rep
from smoke.visitor import Stuck, Visitor

REP = "rep@audit.example"
WEAK = ("password123", "1234567890", "aaaaaaaaaa", " " * 12, REP, "quotewright1", "short")
GUESSES = 40


def eight_first_accounts(world: World) -> Iterator[str]:
    """Eight people make the first account at the same moment: one is made."""
    if world.first_accounts != 1:
        yield f"eight set-ups at once made {world.first_accounts} accounts"


def known_account(world: World) -> Iterator[str]:
    """Sign in with passwords that the source or a guess would give: none exists."""
    for email, password in (
        ("admin@demo.example", "quotewright-demo"),
        (OWNER, "password"),
        (OWNER, ""),
        ("' or 1=1 --", PASSWORD),
    ):
        if sign_in(Visitor(world.stack.web_url), email, password).status_code == 303:
            yield f"{email} gets in with a known password"


def second_set_up(world: World) -> Iterator[str]:
    """Make a first account again with the token of the set-up: it is used up."""
    visitor = Visitor(world.stack.web_url)
    before = world.ask("select count(*) from user_account")
    visitor.open("/login")
    token = dict(visitor.form(having="password").fields)["csrf_token"]
    values = {
        "csrf_token": token,
        "token": world.stack.setup_token,
        "name": "Eve",
        "email": "eve@evil.example",
    }
    visitor.session.post(f"{visitor.base_url}/setup", data={**values, "password": PASSWORD}, timeout=60)
    if world.ask("select count(*) from user_account") != before:
        yield "the token of the set-up made a second account"


def cookies(world: World) -> Iterator[str]:
    """Read the session cookie: no script can, no other site sends it, and each sign-in has a new one."""
    rep, earlier = Visitor(world.stack.web_url), set[str]()
    for _ in range(2):
        rep.open("/login")
        earlier.add(rep.session.cookies.get_dict().get("session", ""))
        sent = sign_in(rep, REP).headers["Set-Cookie"]
        for flag in ("HttpOnly", "SameSite=Lax"):
            if flag not in sent:
                yield f"the session cookie lacks {flag}"
        if rep.session.cookies["session"] in earlier:
            yield "a sign-in kept the session from before it"
        earlier.add(rep.session.cookies["session"])
        _sign_out(rep)


def stolen_cookies(world: World) -> Iterator[str]:
    """Use a copied cookie after its owner signed out, signed out everywhere, or changed the password."""
    for name, end in (
        ("sign-out", _sign_out),
        ("“sign out everywhere”", _everywhere),
        ("new password", _change),
    ):
        owner, thief = Rep(world.stack.web_url), Visitor(world.stack.web_url)
        sign_in(thief, REP)
        sign_in(owner, REP)
        if name == "sign-out":
            thief.session.cookies = owner.session.cookies.copy()
        if not is_in(thief):
            yield f"before {name} the copied cookie wasn't one"
        end(owner)
        if is_in(thief):
            yield f"a cookie works after {name}"
        world.restore()


def weak_passwords(world: World) -> Iterator[str]:
    """Choose a password that is short, common, or one's own address."""
    for password in WEAK:
        rep = Rep(world.stack.web_url)
        sign_in(rep, REP)
        try:
            _change(rep, password)
        except Stuck:
            continue
        if sign_in(Visitor(world.stack.web_url), REP, password).status_code == 303:
            yield f"“{password}” was taken as a password"


def unconfirmed_sessions(world: World) -> Iterator[str]:
    """Change accounts, roles, credentials and integrations from a session that was left open."""
    world.do("update user_session set confirmed_at = null")
    owner = world.owner
    for page in ("/settings/users/new", f"/settings/users/{world.ids['user_id']}", "/settings/roles"):
        owner.open(page)
        # Not those of the top bar.
        form = next(one for one in owner.forms() if one.method == "post" and one.action in ("", page))
        if not _asks_for_password(owner, form):
            yield f"{page} was saved without the password"
    links = "/settings/integrations/autotask/links"
    for action in ("import", "rebuild", "forget"):
        owner.open(links)
        if not _asks_for_password(owner, owner.form(action=f"{links}/{action}")):
            yield f"{links}/{action} went on without the password"
    for page in ("/settings/integrations/autotask/connect", f"{links}.csv"):
        answer = owner.session.get(f"{owner.base_url}{page}", timeout=60)
        if "needs your password" not in answer.text:
            yield f"{page} opened without the password"


def guessing(world: World) -> Iterator[str]:
    """Guess a password 40 times at once: few are checked, and the owner's own browser gets in meanwhile."""
    known = Visitor(world.stack.web_url)
    sign_in(known, REP)
    _sign_out(known)

    def guess(number: int) -> int:
        return sign_in(Visitor(world.stack.web_url), REP, f"a wrong guess {number}").status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(GUESSES)))
    checked = sum(status != 429 for status in answers)
    if checked > GUESSES // 2:
        yield f"{checked} of {GUESSES} guesses were checked"
    if sign_in(Visitor(world.stack.web_url), REP).status_code == 303:
        yield "a strange browser got in after so many guesses"
    if sign_in(known, REP).status_code != 303:
        yield "the person's own browser was locked out by the guesses of others"
    counted = world.ask("select count(*) from diary_entry where action = 'user.signed_in' and address = ''")
    if counted:
        yield "sign-ins are in the audit trail without an address"


def no_owner_left(world: World) -> Iterator[str]:
    """Eight owners give their role up at the same moment: one stays."""
    people = []
    for number in range(7):
        person = Rep(world.stack.web_url)
        person.join(world.owner.invite(f"owner{number}@audit.example", "owner"))
        people.append(person)
    people.append(_as_rep(world.owner))

    def give_up(person: Rep) -> None:
        user_id = world.ask(
            "select id from user_account where email = ?",
            f"owner{people.index(person)}@audit.example" if person is not people[-1] else OWNER,
        )
        person.open(f"/settings/users/{user_id}")
        form = person.form(having="role")
        data = form.fill({"role": "rep"})
        person.session.post(f"{person.base_url}{form.action or person.url}", data=data, timeout=60)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give_up, people))
    owners = world.ask("select count(*) from user_account where role = 'owner' and is_active")
    if owners < 1:
        yield "no owner is left"
    if owners == 8:
        yield "no owner could give the role up: the attempt did not reach the product"


def _as_rep(owner: Visitor) -> Rep:
    rep = Rep(owner.base_url)
    rep.session = owner.session
    return rep


def is_in(visitor: Visitor) -> bool:
    answer: requests.Response = visitor.session.get(
        f"{visitor.base_url}/quotes/", timeout=60, allow_redirects=False
    )
    return answer.status_code == 200


def _sign_out(visitor: Visitor) -> None:
    visitor.open("/account/")
    visitor.send(visitor.form(action="/logout"))


def _everywhere(visitor: Visitor) -> None:
    visitor.open("/account/")
    visitor.send(visitor.form(action="/account/sessions/end"))


def _change(visitor: Visitor, password: str = "another long passphrase") -> None:  # noqa: S107
    visitor.open("/account/")
    form = visitor.form(action="/account/password")
    values = {name: password if "new" in name or "again" in name else PASSWORD for name in form.names()}
    values.pop("csrf_token")
    visitor.send(form, dict(values))


def _asks_for_password(visitor: Visitor, form: Form) -> bool:
    with suppress(Stuck):
        visitor.send(form)
    return "needs your password" in visitor.html


ATTACKS = (
    *(eight_first_accounts, known_account, second_set_up, cookies, stolen_cookies, weak_passwords),
    *(unconfirmed_sessions, guessing, no_owner_left),
)
