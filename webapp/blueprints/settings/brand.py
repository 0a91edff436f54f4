"""Settings > Brand: logo, color and letterhead, with a look at page and paper as they would be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from webapp.blueprints import branding
from webapp.blueprints.quotes.editor import pdf_response
from webapp.blueprints.settings import settings
from webapp.blueprints.support import RecordForm, actor, admin_required, ask, back_to, runtime, submit
from webapp.models import CompanyBrand, db, utc_now
from webapp.security import IN_A_FRAME, MAIL_IN_A_FRAME, WITH_PDF
from webapp.services.company import profile
from webapp.services.company.brand import brand as brands
from webapp.services.company.brand import kept, looking
from webapp.services.company.brand.brand import LETTERHEAD, OWN, Brand
from webapp.services.company.brand.looking import Look
from webapp.services.core.errors import Busy, Invalid
from webapp.services.delivery import branded
from webapp.services.quoting.answer import choosing, links
from webapp.services.quoting.paper import document, sample
from webapp.services.quoting.paper.pictures import Pictures
from webapp.services.quoting.revisions import pricing
from webapp.services.quoting.revisions.snapshot import Snapshot

# What the look depends on, in its address.
LOOK = ("color", *LETTERHEAD, *OWN)
# With which its address is asked for.
ASKED = (*LOOK, "logo_before", "remove_logo")
PICK = "Choose it in a quote under Quote details."


class BrandForm(RecordForm):
    """A brand."""

    name = StringField(
        "Name of the brand", description="Only your team sees it, where a quote's brand is chosen."
    )
    logo = FileField(
        "Logo",
        description="PNG, JPEG or WebP, up to 1 MB. SVG files aren't accepted because they can contain scripts.",
        render_kw={"accept": "image/png,image/jpeg,image/webp"},
    )
    logo_before = HiddenField()
    remove_logo = BooleanField("Remove the logo")
    color = StringField("Color", render_kw={"maxlength": 20, "placeholder": brands.DEFAULT_COLOR})
    cover = SelectField(
        "Cover of the PDF", choices=[SelectChoice(kind, text) for kind, text in brands.COVERS.items()]
    )
    font = SelectField("Font", choices=[SelectChoice(key, text) for key, text in brands.FONTS.items()])
    images = SelectField(
        "Images of items", choices=[SelectChoice(kind, text) for kind, text in brands.IMAGES.items()]
    )
    tax_id = StringField("Tax ID")
    registration_number = StringField("Registration number")
    bank_details = TextAreaField("Bank details", render_kw={"rows": 3})
    seller_name = StringField("Trading name")
    address = TextAreaField("Address", render_kw={"rows": 3})
    phone = StringField("Phone")
    email = StringField("Email")
    website = StringField("Website")


@settings.route("/brand", methods=["GET", "POST"])
@admin_required
def brand() -> ResponseReturnValue:
    """The default brand, and the list of all."""
    return _edit(brands.default())


@settings.route("/brand/<int:brand_id>", methods=["GET", "POST"])
@admin_required
def brand_of(brand_id: int) -> ResponseReturnValue:
    """One of the brands."""
    return _edit(kept.get(brand_id))


@settings.route("/brand/new", methods=["GET", "POST"])
@admin_required
def new_brand() -> ResponseReturnValue:
    """A further brand."""
    form = BrandForm(data=kept.of_a_new_one())
    made, status = submit(form, lambda: kept.add(actor(), form.entered, _upload()))
    if made is not None:
        return back_to("settings.brand_of", f"{made.name} added. {PICK}", brand_id=made.id)
    return _page(form, None, status, is_new=True)


@settings.post("/brand/<int:brand_id>/default")
@admin_required
def make_brand_default(brand_id: int) -> ResponseReturnValue:
    """Make it the brand of quotes that name none."""
    record = kept.make_default(actor(), brand_id)
    return back_to(
        "settings.brand", f"{record.name} is the default now. Published quotes keep the brand they have."
    )


@settings.post("/brand/<int:brand_id>/delete")
@admin_required
def delete_brand(brand_id: int) -> ResponseReturnValue:
    """Delete a brand that no open quote has."""
    record = kept.get(brand_id)
    asked = ask("Delete this brand?", "Delete")
    if asked:
        return asked
    try:
        name = kept.delete(actor(), brand_id)
    except Invalid as error:
        form = _form(record, formdata=None)
        form.form_errors.append(str(error))
        return _page(form, record, 422)
    return back_to("settings.brand", f"{name} deleted. Published quotes keep the brand they have.")


@settings.get("/brand/look")
@admin_required
def brand_look() -> ResponseReturnValue:
    """The brand as it would be with what is typed (htmx)."""
    return render_template("settings/_brand_look.html", **_look(_logo(), _typed()))


@settings.route("/brand/page", methods=["GET", "POST"])
@admin_required
def brand_page() -> ResponseReturnValue:
    """A customer's page with what is typed, of a sample offer; with a POST, also with the chosen logo."""
    return _shown(_drawn_page)


@settings.route("/brand/quote.pdf", methods=["GET", "POST"])
@admin_required
def brand_paper() -> ResponseReturnValue:
    """The same offer as PDF."""
    return _shown(_drawn_paper)


@settings.route("/brand/mail", methods=["GET", "POST"])
@admin_required
def brand_mail() -> ResponseReturnValue:
    """A mail to a customer with what is typed."""
    return _shown(_drawn_mail)


@settings.get("/brand/colors.css")
@admin_required
def brand_css() -> ResponseReturnValue:
    """The colors that follow from ``color``."""
    return branding.variables(looking.of_form("", {"color": request.args.get("color", "")}).brand)


@settings.get("/brand/logo/<sha256>")
@admin_required
def brand_logo(sha256: str) -> ResponseReturnValue:
    """A logo."""
    return branding.logo(Brand(logo=sha256))


def _edit(record: CompanyBrand | None) -> ResponseReturnValue:
    form = _form(record)
    saved, status = submit(
        form,
        lambda: kept.save(actor(), record, form.entered, _upload()),
        lambda: _form(record, formdata=None),
    )
    if saved is not None:
        here = {} if saved.is_default else {"brand_id": saved.id}
        endpoint = "settings.brand_of" if here else "settings.brand"
        return back_to(endpoint, "Brand saved. Quotes that are published keep the brand they have.", **here)
    if status == 409:
        form.logo_before.data = kept.shown(record)["logo"]
    return _page(form, record, status)


def _page(
    form: BrandForm, record: CompanyBrand | None, status: int, *, is_new: bool = False
) -> ResponseReturnValue:
    typed = {name: form[name].data or "" for name in LOOK}
    logo = "" if is_new else kept.shown(record)["logo"]
    page = render_template(
        "settings/brand.html",
        form=form,
        brands=kept.everything(),
        record=record,
        is_new=is_new,
        first_name=kept.first_name(),
        own=OWN,
        company=profile.current()[0],
        asked=ASKED,
        **_look(logo, typed),
    )
    answer = make_response(page, status)
    answer.headers["Content-Security-Policy"] = WITH_PDF
    return answer


def _form(record: CompanyBrand | None, **options: object) -> BrandForm:
    stored = kept.shown(record)
    return BrandForm(data={**stored, "logo_before": stored["logo"]}, seen=kept.seen(stored), **options)


def _upload() -> bytes | None:
    sent = request.files.get("logo")
    return sent.read() if sent is not None and sent.filename else None


def _typed() -> dict[str, Any]:
    return {name: request.values.get(name, "") for name in LOOK}


def _logo() -> str:
    """The hash of the logo that the brand keeps with what is in the form; a newly chosen file takes its place."""
    return "" if "remove_logo" in request.values else request.values.get("logo_before", "")


def _look(logo: str, values: dict[str, str]) -> dict[str, object]:
    look = looking.of_form(logo, values).brand
    typed = {**values, "logo_before": logo}
    return {
        "look": look,
        "typed": typed,
        "default_color": brands.DEFAULT_COLOR,
        # Then brand.js sends the form into the frames, as no address can hold a file.
        "has_new_logo": bool(request.args.get("new_logo")),
    }


def _shown(draw: Callable[[Look, Snapshot], Response]) -> Response:
    """A sample offer with what is typed, as ``draw`` shows it; in its place the sentence that refuses the logo."""
    try:
        look = looking.of_form(_logo(), _typed(), _upload())
    except (Invalid, Busy) as error:
        refused = render_template("settings/brand_refused.html", sentence=str(error))
        return _framed(make_response(refused, 422))
    return draw(look, sample.offer(look.brand, look.seller, actor(), utc_now()))


def _drawn_page(look: Look, frozen: Snapshot) -> Response:
    g.place = frozen.place
    computed = pricing.of_snapshot(frozen)
    page = render_template(
        "settings/brand_page.html",
        frozen=frozen,
        **choosing.shown(frozen, computed),
        quantities={},
        pdf_address=url_for("settings.brand_paper", **_typed(), logo_before=_logo()),
        picture_of=branding.pictures(frozen, _sample_picture),
        brand_css=url_for("settings.brand_css", color=look.brand.color),
        logo=look.logo,
    )
    return _framed(make_response(page))


def _drawn_paper(look: Look, frozen: Snapshot) -> Response:
    images = Pictures(look.logo, sample.pictures(frozen))
    db.session.rollback()  # rendering is slow; don't keep others waiting for this transaction
    return _framed(pdf_response(document.render(frozen, None, images, _sample_link()), "brand.pdf"))


def _drawn_mail(look: Look, frozen: Snapshot) -> Response:
    # The frame is sandboxed, so it can't ask us for the logo.
    answer = make_response(branded.html_of(branded.sample(frozen, _sample_link()), frozen, look.logo))
    answer.headers["Content-Security-Policy"] = MAIL_IN_A_FRAME
    return answer


def _sample_picture(sha256: str) -> str:
    return url_for("static", filename=f"img/{sha256}.webp")


def _sample_link() -> str:
    return links.to_page(runtime().config.public_base_url, "sample")


def _framed(response: Response) -> Response:
    """Let our own page show it."""
    response.headers["Content-Security-Policy"] = IN_A_FRAME
    return response
