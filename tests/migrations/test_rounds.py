"""What was signed before rounds were numbered counts after an upgrade as it did by its times."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from tests.quoting.test_answers import HERE
from tests.quoting.test_signers import named, signature
from tests.support import samples
from webapp.models import QuoteSigner, Signature, db, utc_now
from webapp.services.quoting.answer import acceptance, signers, turns
from webapp.services.quoting.draft import editing

pytestmark = pytest.mark.both_databases
BEFORE = "0056"


def test_signatures_under_way_are_of_the_first_round(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        quote, revision, (carla, _) = named(app.extensions["quotewright"], rep)
        number = int(quote.id)
        acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
        signers.start_over(rep, number)
        acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
        old, _ = db.session.scalars(db.select(Signature).order_by(Signature.id))
        old.accepted_at -= timedelta(hours=1)
        # The version before noted that when the mail was queued.
        turns.signers_of(quote)[1].asked_at = utc_now()
        db.session.commit()
        db.session.remove()
        downgrade(revision=BEFORE)
        table = sa.Table("quote_signing", sa.MetaData(), autoload_with=db.engine)
        signed = sa.Table("signature", sa.MetaData(), autoload_with=db.engine)
        with db.engine.begin() as connection:
            # What was ended by its number is ended by its time in the version before.
            ended, times = (
                connection.scalars(sa.select(table.c.restarted_at)).one(),
                sa.select(signed.c.accepted_at),
            )
            first, second = connection.scalars(times.order_by(signed.c.id))
            assert first <= ended < second
            connection.execute(table.update().values(restarted_at=utc_now() - timedelta(minutes=30)))
        upgrade()
        again = editing.get(number)
        assert [
            one.round_number for one in db.session.scalars(db.select(Signature).order_by(Signature.id))
        ] == [0, 1]
        assert [one.name for one in turns.round_of(again).given] == ["Carla Khan"]
        asked = db.session.scalars(db.select(QuoteSigner).order_by(QuoteSigner.position))
        assert [one.asked_round for one in asked] == [0, 1]
