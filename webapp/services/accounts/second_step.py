"""The second step of a sign-in, and setting it up where that is due: only then is there a session.

Also the sign-in with nothing but a passkey, which is both steps in one, and the passkey that stands for the password.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from webapp.models import PendingSignIn, User
from webapp.services.accounts import guessing, local_sign_in, sessions
from webapp.services.accounts.sessions import Device, Entered
from webapp.services.accounts.two_step import (
    authenticator,
    challenges,
    factors,
    half_way,
    passkeys,
    recovery_codes,
)
from webapp.services.accounts.two_step.half_way import Ended
from webapp.services.accounts.two_step.passkeys import Answer
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.core.vault import Vault
from webapp.services.diary import diary

CODE = "one_time_code"
WRONG_RECOVERY_CODE = "This recovery code isn't right, or it was already used."
NO_APP = "You have no authenticator app. Use your passkey or a recovery code."

log = structlog.get_logger(__name__)


def waiting(token: str) -> PendingSignIn:
    """The sign-in that waits for the second step of the person. Raises Ended, also where it must be set up first."""
    pending = half_way.find(token)
    if not factors.has(pending.user):
        raise Ended(half_way.ENDED)
    return pending


def setting_up(token: str) -> PendingSignIn:
    """The sign-in whose person must set up the second step. Raises Ended, also for one who has it already."""
    pending = half_way.find(token)
    if factors.has(pending.user):
        raise Ended(half_way.ENDED)
    return pending


def by_code(token: str, typed: str, device: Device, vault: Vault) -> Entered:
    """Take the second step with a code of the app, or a recovery code.

    Raises Invalid with a sentence, Ended, or ``guessing.TooMany``.
    """
    pending = waiting(token)
    user = pending.user
    attempt_id = guessing.begin(user.email, device.address, device.token, is_code=True)
    with work.unit():
        factors.lock(user)
        pending = waiting(token)
        sentence = _wrong_with(user, typed, vault)
        if not sentence:
            guessing.forget(attempt_id)
            return _admit(pending, device)
        guessing.note_wrong(attempt_id)
        _note_failure(user, device)
    raise Invalid(sentence, {CODE: sentence})


def by_passkey(token: str, answer: Answer, device: Device) -> Entered:
    """Take the second step with a passkey. Raises Invalid with a sentence, or Ended."""
    user = waiting(token).user
    asked = challenges.take(answer.token, passkeys.SECOND_STEP, user)
    try:
        with work.unit():
            pending = waiting(token)
            passkeys.use(answer, asked, user)
            return _admit(pending, device)
    except Invalid:
        _note_failure(user, device)
        raise


def with_passkey_alone(answer: Answer, device: Device) -> Entered:
    """Sign in with a passkey that says whose it is, and checked who uses it.

    Raises Invalid with a sentence, or ``local_sign_in.PasswordsOff``.
    """
    asked = challenges.take(answer.token, passkeys.SIGN_IN, None)
    try:
        with work.unit():
            user = passkeys.use(answer, asked, None)
            local_sign_in.require(user)
            return sessions.admit(user, device)
    except local_sign_in.PasswordsOff as error:
        local_sign_in.note_refusal(error)
        raise
    except Invalid:
        passkey = passkeys.whose(answer)
        _note_failure(passkey.user if passkey else None, device)
        raise


def confirm(user: User, session_id: int, answer: Answer, device: Device) -> None:
    """Note that ``user`` proved who they are with a passkey in this session. Raises Invalid with a sentence."""
    asked = challenges.take(answer.token, passkeys.CONFIRM, user)
    try:
        with work.unit():
            passkeys.use(answer, asked, user, confirms=True)
            sessions.note_confirmed(user, session_id)
    except Invalid:
        log.warning("confirmation.failed", address=device.address, user=user.id)
        raise


def set_up_app(
    token: str, sealed: str, typed: str, device: Device, vault: Vault
) -> tuple[Entered, list[str]]:
    """Set up the app that is due, and start a session; with the recovery codes. Raises Invalid, or Ended.

    ``sealed``: the secret that was offered (``authenticator.offer``).
    """
    with work.unit():
        user, keep = _end_setting_up(token)
        codes = authenticator.confirm(user, sealed, typed, vault)
        return sessions.admit(user, replace(device, keep=keep)), codes


def set_up_passkey(token: str, answer: Answer, name: str, device: Device) -> tuple[Entered, list[str]]:
    """The same with a passkey."""
    asked = challenges.take(answer.token, passkeys.ADD, setting_up(token).user)
    with work.unit():
        user, keep = _end_setting_up(token)
        codes = passkeys.add(user, answer, asked, name)
        return sessions.admit(user, replace(device, keep=keep)), codes


def _end_setting_up(token: str) -> tuple[User, bool]:
    """In the open transaction: whose sign-in it was, and if it is kept. Of two at once, one is told that it ended."""
    factors.lock(setting_up(token).user)
    pending = setting_up(token)
    user, keep = pending.user, pending.is_kept
    half_way.end(pending)
    return user, keep


def add_app(user: User, sealed: str, typed: str, device: Device, vault: Vault) -> tuple[str, list[str]]:
    """Set up an app for someone who is signed in: their session's new token, and recovery codes with the first step.

    Raises Invalid with a sentence.
    """
    with work.unit():
        codes = authenticator.confirm(user, sealed, typed, vault)
        return sessions.start(user, device), codes


def add_passkey(user: User, answer: Answer, name: str, device: Device) -> tuple[str, list[str]]:
    """The same with a passkey."""
    asked = challenges.take(answer.token, passkeys.ADD, user)
    with work.unit():
        codes = passkeys.add(user, answer, asked, name)
        return sessions.start(user, device), codes


@work.command
def remove_app(user: User, device: Device) -> str:
    """Remove the app, end all sessions and start one. Returns its token. Raises Invalid."""
    authenticator.remove(user)
    return sessions.start(user, device)


@work.command
def remove_passkey(user: User, passkey_id: int, device: Device) -> str:
    """The same with a passkey. Raises NotFound too."""
    passkeys.remove(user, passkey_id)
    return sessions.start(user, device)


def _wrong_with(user: User, typed: str, vault: Vault) -> str:
    """Why the code isn't right; empty when it is, and then it is used up."""
    if recovery_codes.looks_like_one(typed):
        if not recovery_codes.use(user, typed):
            return WRONG_RECOVERY_CODE
        left = factors.of_user(user).codes
        diary.write(user, "user.recovery_code_used", "user", user.id, left=left)
        return ""
    if factors.of_user(user).app is None:
        return NO_APP
    return authenticator.use(user, typed, vault)


def _admit(pending: PendingSignIn, device: Device) -> Entered:
    user, epoch, keep = pending.user, pending.epoch, pending.is_kept
    half_way.end(pending)
    return sessions.admit(user, replace(device, keep=keep), epoch)


@work.command
def _note_failure(user: User | None, device: Device) -> None:
    """In the log, and in the diary of whose account it is."""
    log.warning("second_step.failed", address=device.address, user=user.id if user else None)
    if user is not None:
        diary.write(None, "user.second_step_failed", "user", user.id)
