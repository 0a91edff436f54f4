"""Tax Code Mapping, which the settings page opens in a tab of its own."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.autotask import TAX_SECTION
from webapp.blueprints.support import actor, admin_required, back_to, is_htmx, runtime
from webapp.models import db
from webapp.services.autotask import settings_page, settings_store, tax_mapping
from webapp.services.autotask.choices import Choices
from webapp.services.autotask.settings import TaxCodeMapping
from webapp.services.autotask.settings_page import SectionView
from webapp.services.errors import Conflict, Invalid


@integrations.route("/autotask/tax-codes", methods=["GET", "POST"])
@admin_required
def tax_codes() -> ResponseReturnValue:
    """Map our tax codes; saved as a draft, like every section."""
    choices = Choices(runtime())
    if request.method == "GET":
        return _page(_first_look(choices), choices)
    posted = request.form.to_dict()
    version = request.form.get("version", -1, type=int)
    try:
        view = settings_page.save(TAX_SECTION, posted, version, choices, actor())
    except (Invalid, Conflict) as error:
        db.session.rollback()
        view = settings_page.refused(TAX_SECTION, posted, error)
        return _page(view, choices), 409 if view.stale else 422
    if is_htmx():
        return _page(view, choices)
    message = "The tax mapping was saved as a draft. Go back to the settings and press “Save Integration”."
    return back_to("integrations.tax_codes", message)


def _first_look(choices: Choices) -> SectionView:
    """As last saved, codes that are not mapped yet filled by a guess."""
    view = settings_page.view(TAX_SECTION, choices, actor())
    draft = settings_store.draft(TAX_SECTION)
    content = draft.content
    assert isinstance(content, TaxCodeMapping)  # noqa: S101  the store reads it as such
    guessed = tax_mapping.suggest(content, choices, settings_page.taxes(runtime()))
    values = settings_page.control_values(TAX_SECTION, guessed)
    return SectionView(draft, guessed, values, suggested=guessed != content, flaws=view.flaws)


def _page(view: SectionView, choices: Choices) -> str:
    assert isinstance(view.content, TaxCodeMapping)  # noqa: S101  only called for this section
    template = "_tax_form.html" if is_htmx() else "tax_codes.html"
    return render_template(
        f"integrations/autotask/{template}",
        view=view,
        choices=choices,
        rows=tax_mapping.rows(view.content, settings_page.taxes(runtime())),
    )
