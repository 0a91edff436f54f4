"""Tax Code Mapping, which the settings page opens in a new tab."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.autotask import TAX_SECTION, cached, offline
from webapp.blueprints.support import actor, back_to, integrator_required, is_htmx
from webapp.services.autotask.settings import page as settings_page
from webapp.services.autotask.settings import tax_mapping
from webapp.services.autotask.settings.choices import Choices
from webapp.services.autotask.settings.section_view import SectionView
from webapp.services.core.errors import Conflict, Invalid


@integrations.route("/autotask/tax-codes", methods=["GET", "POST"])
@integrator_required
def tax_codes() -> ResponseReturnValue:
    """Map our tax codes; saved as a draft, like every section."""
    choices = cached()
    if request.method == "GET":
        return _page(settings_page.first_look_at_taxes(offline(), choices, actor()), choices)
    posted = request.form.to_dict()
    try:
        view = settings_page.save(TAX_SECTION, posted, choices, actor())
    except (Invalid, Conflict) as error:
        view = settings_page.refused(TAX_SECTION, posted, error, actor())
        return _page(view, choices), 409 if view.conflict else 422
    if is_htmx():
        return _page(view, choices)
    message = "Draft saved. To make it live, go back to the settings and press Save Integration."
    return back_to("integrations.tax_codes", f"{message} {view.note}".strip())


def _page(view: SectionView, choices: Choices) -> str:
    template = "_tax_form.html" if is_htmx() else "tax_codes.html"
    taxes = tax_mapping.taxes(offline())
    return render_template(
        f"integrations/autotask/{template}",
        view=view,
        choices=choices,
        rows=tax_mapping.rows_as_entered(view.values, view.draft.content, taxes),
        rates=tax_mapping.rates(taxes),
    )
