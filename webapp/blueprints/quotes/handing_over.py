"""Hand someone's open quotes over to a colleague."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.fields import SelectChoice

from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import SAVED, actor, back_to, submit
from webapp.services.accounts import handing_over
from webapp.services.core.fields import parse_id


class HandOverForm(FlaskForm):
    """Whose quotes go to whom."""

    owner_id = SelectField("Open quotes of", coerce=parse_id, validate_choice=False)
    successor_id = SelectField(
        "Go to",
        coerce=parse_id,
        validate_choice=False,
        description="What customers were sent isn't changed. Their pages name the new owner from now on.",
    )

    def offer(self) -> None:
        """Fill in who has open quotes and who can take them."""
        self.owner_id.choices = [
            SelectChoice("", "Choose a person"),
            *(
                SelectChoice(str(user.id), f"{user.name} ({count}{'' if user.is_active else ', inactive'})")
                for user, count in handing_over.owners()
            ),
        ]
        self.successor_id.choices = [
            SelectChoice("", "Choose a colleague"),
            *(SelectChoice(str(user.id), user.name) for user in handing_over.takers()),
        ]


@quotes.route("/hand-over", methods=["GET", "POST"])
@login_required
def hand_over() -> ResponseReturnValue:
    """The form; the gate lets in sales managers and admins."""
    form = HandOverForm(data={"owner_id": parse_id(request.args.get("owner"))})
    form.offer()
    given, status = submit(
        form, lambda: handing_over.give(actor(), form.owner_id.data, form.successor_id.data)
    )
    if status == SAVED and given is not None:
        owner, successor, count = given
        many = "1 open quote" if count == 1 else f"{count} open quotes"
        return back_to("quotes.index", f"{successor.name} has {many} of {owner.name} now.")
    return render_template("quotes/hand_over.html", form=form), status
