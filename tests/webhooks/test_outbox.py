"""Messages reach their receiver, whatever it answers and whoever dies in between."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from tests.support.waiting import wait_for
from tests.webhooks.office import Office, deliveries, names, only
from tests.webhooks.receiver import CUT, HANG
from webapp.models import Delivery, DeliveryAttempt, DiaryEntry, WebhookEndpoint, db, utc_now
from webapp.services.core import key_rotation, signatures
from webapp.services.core.errors import Invalid
from webapp.services.core.vault import Vault
from webapp.services.delivery import attempt, reader, room
from webapp.services.integrations.webhook import endpoints, log, messages, retries, snippet

pytestmark = pytest.mark.both_databases


def is_genuine(secret: str, signature: str, body: bytes) -> bool:
    """What a receiver does with our snippet."""
    names: dict[str, object] = {}
    exec(snippet.VERIFY, names)  # noqa: S102
    return bool(names["is_genuine"](secret, signature, body))  # type: ignore[operator]


def endpoint() -> WebhookEndpoint:
    db.session.expire_all()
    found = db.session.scalar(db.select(WebhookEndpoint))
    assert found is not None
    return found


def in_background(office: Office, delivery_id: int) -> threading.Thread:
    """A job that has begun to send, in a thread."""

    def job() -> None:
        with office.app.app_context():
            attempt.perform(office.runtime, delivery_id)
            db.session.remove()

    # What the test read so far would keep SQLite's lock.
    db.session.rollback()
    thread = threading.Thread(target=job)
    thread.start()
    wait_for(lambda: office.receiver.got, "the job to be sending")
    return thread


def test_a_message_arrives_signed(office: Office) -> None:
    _, secret = office.add("quote.published")
    office.publish()
    office.send_due()
    (got,) = office.receiver.got
    assert is_genuine(secret, got.signature, got.body)
    assert not is_genuine(signatures.new_secret(), got.signature, got.body)
    delivery = only()
    assert (delivery.state, delivery.attempt) == ("done", 1)
    (attempt,) = delivery.attempts
    assert (attempt.status, attempt.sentence, attempt.response) == (200, "", "status 200 it is")


def test_after_a_500_it_is_sent_again_with_the_same_id_and_text(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.receiver.answers += [500, CUT]
    before = utc_now()
    office.send_due()
    delivery = only()
    assert delivery.state == "waiting"
    assert delivery.outcome == "The receiver responded with status 500."
    assert delivery.not_before > before + timedelta(seconds=3)
    office.send_due()
    assert len(office.receiver.got) == 1, "it is not sent before its time"
    for _ in range(2):
        office.make_due()
        office.send_due()
    assert only().state == "done"
    assert [attempt.status for attempt in only().attempts] == [500, None, 200]
    assert len({(got.body, got.headers["Quotewright-Delivery"]) for got in office.receiver.got}) == 1
    assert len(office.receiver.got) == 3
    assert (endpoint().failures, endpoint().failing_since, endpoint().hold_until) == (0, None, None)


def test_the_waits_grow_and_are_not_all_alike() -> None:
    means = [sum(retries.delay(n).total_seconds() for _ in range(300)) / 300 for n in range(1, 11)]
    for mean, wanted in zip(means, retries.DELAYS, strict=True):
        assert wanted * 0.9 < mean < wanted * 1.1
    assert len({retries.delay(1) for _ in range(50)}) > 10
    assert retries.delay(1, asked=900) == timedelta(seconds=900)
    assert max(retries.hold(50) for _ in range(50)) <= timedelta(seconds=retries.LONGEST_HOLD)


def test_a_receiver_says_when_to_come_back(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.receiver.answers.append((429, {"Retry-After": "1800"}, ""))
    office.send_due()
    assert only().not_before > utc_now() + timedelta(seconds=1790)
    assert (endpoint().hold_until or utc_now()) > utc_now() + timedelta(seconds=1790)


def test_while_an_address_does_not_answer_the_rest_waits(office: Office) -> None:
    office.add("quote.viewed")
    for _ in range(3):
        room.add(messages.message(endpoint(), "quote.viewed", {}, ""))
    db.session.commit()
    office.receiver.always = 503
    office.send_due()
    assert len(office.receiver.got) == 1, "one message was enough to learn it"
    assert [delivery.state for delivery in deliveries()] == ["waiting"] * 3
    office.receiver.always = 200
    office.make_due()
    office.send_due()
    assert [delivery.state for delivery in deliveries()] == ["done"] * 3


def test_a_message_that_alone_is_refused_holds_nobody_up(office: Office) -> None:
    office.add("quote.viewed")
    for _ in range(3):
        room.add(messages.message(endpoint(), "quote.viewed", {}, ""))
    db.session.commit()
    office.receiver.answers.append(422)
    office.send_due()
    assert [delivery.state for delivery in deliveries()] == ["waiting", "done", "done"]


def test_after_eleven_attempts_it_is_given_up_and_can_be_sent_by_hand(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.receiver.always = 400
    for _ in range(15):
        office.make_due()
        office.send_due()
    assert (only().state, only().attempt, len(office.receiver.got)) == ("parked", 11, 11)
    office.receiver.always = 200
    log.send_again(office.admin, only().id)
    office.send_due()
    assert (only().state, len(office.receiver.got)) == ("done", 12)


def test_an_address_that_took_nothing_for_a_day_is_paused(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.receiver.always = 500
    for _ in range(retries.PAUSE_FAILURES - 1):
        office.make_due()
        office.send_due()
    db.session.execute(db.update(WebhookEndpoint).values(failing_since=utc_now() - timedelta(hours=25)))
    db.session.commit()
    assert endpoint().state == "active"
    office.make_due()
    office.send_due()
    assert endpoint().state == "paused"
    assert endpoint().state_sentence.startswith("No successful delivery since ")
    assert endpoint().state_sentence.endswith("The receiver responded with status 500.")
    assert db.session.scalar(db.select(DiaryEntry).filter_by(action="webhook.paused")) is not None
    # What happens meanwhile is kept, and sent as soon as an admin resumes it.
    office.receiver.always = 200
    sent = len(office.receiver.got)
    room.add(messages.message(endpoint(), "quote.published", {}, ""))
    db.session.commit()
    office.make_due()
    office.send_due()
    assert len(office.receiver.got) == sent
    endpoints.resume(office.admin, endpoint().id)
    office.send_due()
    assert [delivery.state for delivery in deliveries()] == ["done", "done"]


def test_many_failures_in_an_hour_pause_nobody(office: Office) -> None:
    office.add("quote.viewed")
    for _ in range(30):
        room.add(messages.message(endpoint(), "quote.viewed", {}, ""))
    db.session.commit()
    office.receiver.always = 400
    office.send_due()
    assert (endpoint().state, endpoint().failures) == ("active", 30)


def test_410_pauses_at_once(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.receiver.answers.append(410)
    office.send_due()
    assert endpoint().state == "paused"
    assert "it no longer accepts events" in endpoint().state_sentence
    assert only().state == "waiting"


def test_sending_again_keeps_id_and_text(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.send_due()
    log.send_again(office.admin, only().id)
    office.send_due()
    first, second = office.receiver.got
    assert first.body == second.body
    assert first.headers["Quotewright-Delivery"] == second.headers["Quotewright-Delivery"]
    assert [attempt.status for attempt in only().attempts] == [200, 200]
    assert db.session.scalar(db.select(DiaryEntry).filter_by(action="webhook.sent_again")) is not None


def test_sending_again_does_not_mind_a_pause(office: Office) -> None:
    office.add("quote.published")
    endpoints.pause(office.admin, endpoint().id)
    office.publish()
    office.send_due()
    assert office.receiver.got == []
    log.send_again(office.admin, only().id)
    office.send_due()
    assert len(office.receiver.got) == 1
    assert endpoint().state == "paused"


def test_what_is_being_sent_is_not_sent_again(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    db.session.execute(db.update(Delivery).values(state="running"))
    db.session.commit()
    with pytest.raises(Invalid, match="is being sent right now"):
        log.send_again(office.admin, only().id)


def test_a_test_event_is_tried_once_and_pauses_nothing(office: Office) -> None:
    office.add("quote.published")
    endpoints.pause(office.admin, endpoint().id)
    office.receiver.answers.append(500)
    for _ in range(2):
        log.send_test(office.admin, endpoint().id)
        office.send_due()
    assert [delivery.state for delivery in deliveries()] == ["parked", "done"]
    assert endpoint().failures == 0
    content = office.receiver.got[0].content
    assert content["event"] == "test"
    office.publish()
    endpoints.resume(office.admin, endpoint().id)
    office.send_due()
    real = office.receiver.got[-1].content
    assert content["quote"].keys() == real["quote"].keys(), "a test looks like a real one"


def test_two_jobs_for_one_message_send_it_once(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.receiver.answers.append(HANG)
    delivery_id = only().id

    first = in_background(office, delivery_id)
    attempt.perform(office.runtime, delivery_id)
    office.receiver.released.set()
    first.join()
    assert len(office.receiver.got) == 1
    assert only().attempt == 1


def test_what_a_dead_worker_held_is_put_back(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    now = utc_now()
    db.session.execute(db.update(Delivery).values(state="running", lease_until=now + timedelta(seconds=90)))
    db.session.commit()
    room.sweep(office.runtime, reader.get("webhook"))
    assert only().state == "running", "somebody may still be sending it"
    db.session.execute(db.update(Delivery).values(lease_until=now - timedelta(seconds=1)))
    db.session.commit()
    room.sweep(office.runtime, reader.get("webhook"))
    office.send_due()
    assert (only().state, len(office.receiver.got)) == ("done", 1)


def test_an_endpoint_that_is_removed_while_it_is_sent_to(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    office.receiver.answers.append(HANG)
    delivery_id, endpoint_id = only().id, endpoint().id

    sending = in_background(office, delivery_id)
    endpoints.remove(office.admin, endpoint_id)
    office.receiver.released.set()
    sending.join()
    assert deliveries() == []
    assert db.session.scalar(db.select(db.func.count(DeliveryAttempt.id))) == 0


def test_a_replaced_secret_signs_beside_the_new_one_for_a_day(office: Office) -> None:
    _, old = office.add("quote.viewed")
    _, new = endpoints.rotate(office.runtime, office.admin, endpoint().id, endpoints.seen_secret(endpoint()))
    for _ in range(2):
        room.add(messages.message(endpoint(), "quote.viewed", {}, ""))
        db.session.commit()
        office.send_due()
        db.session.execute(db.update(WebhookEndpoint).values(previous_until=utc_now()))
        db.session.commit()
    during, after = office.receiver.got
    assert is_genuine(old, during.signature, during.body)
    assert is_genuine(new, during.signature, during.body)
    assert not is_genuine(old, after.signature, after.body)
    assert is_genuine(new, after.signature, after.body)


def test_a_secret_that_cannot_be_decrypted_pauses_with_a_sentence(office: Office) -> None:
    office.add("quote.published")
    office.publish()
    stranger = dataclasses.replace(office.runtime, vault=Vault([Fernet.generate_key().decode()]))
    attempt.perform(stranger, only().id)
    assert endpoint().state == "paused"
    assert "QUOTEWRIGHT_ENCRYPTION_KEYS" in endpoint().state_sentence
    assert (only().state, only().attempt) == ("waiting", 0)
    endpoints.resume(office.admin, endpoint().id)
    office.send_due()
    assert only().state == "done"


def test_the_log_goes_back_thirty_days(office: Office) -> None:
    office.add("quote.viewed")
    for days in (29, 31):
        room.add(messages.message(endpoint(), "quote.viewed", {}, "")).created_at = utc_now() - timedelta(
            days=days
        )
    db.session.commit()
    office.send_due()
    room.tidy(reader.get("webhook"), utc_now())
    assert names() == ["quote.viewed"]
    assert only().created_at > utc_now() - timedelta(days=30)
    assert db.session.scalar(db.select(db.func.count(DeliveryAttempt.id))) == 1


def test_a_replaced_secret_is_forgotten_after_its_day(office: Office) -> None:
    office.add("quote.viewed")
    endpoints.rotate(office.runtime, office.admin, endpoint().id, endpoints.seen_secret(endpoint()))
    room.tidy(reader.get("webhook"), utc_now() + timedelta(hours=23))
    assert endpoint().previous_secret_encrypted
    room.tidy(reader.get("webhook"), utc_now() + timedelta(hours=25))
    assert (endpoint().previous_secret_encrypted, endpoint().previous_until) == ("", None)
    assert endpoint().secret_encrypted


def test_secrets_outlive_a_rotation_of_the_encryption_keys(office: Office) -> None:
    _, secret = office.add("quote.published")
    office.publish()
    old, new = office.runtime.config.encryption_keys[0], Fernet.generate_key().decode()
    key_rotation.rotate(dataclasses.replace(office.runtime, vault=Vault([new, old])))
    attempt.perform(dataclasses.replace(office.runtime, vault=Vault([new])), only().id)
    (got,) = office.receiver.got
    assert is_genuine(secret, got.signature, got.body)
