"""Settings > Brand: logo, color and letterhead, with a look at page and paper as they would be."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice

from webapp.blueprints import branding
from webapp.blueprints.quotes.editor import pdf_response
from webapp.blueprints.settings import settings
from webapp.blueprints.support import SAVED, RecordForm, actor, admin_required, back_to, runtime, submit
from webapp.models import db, utc_now
from webapp.security import IN_A_FRAME, MAIL_IN_A_FRAME, WITH_FRAMES
from webapp.services.company.brand import brand as brands
from webapp.services.company.brand.brand import LETTERHEAD, Brand
from webapp.services.delivery import branded
from webapp.services.quoting.answer import choosing, links
from webapp.services.quoting.paper import document, logos, sample
from webapp.services.quoting.paper.pictures import Pictures
from webapp.services.quoting.revisions import pricing

# What the look depends on, in its address.
LOOK = ("color", *LETTERHEAD)


class BrandForm(RecordForm):
    """The company's brand."""

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


@settings.route("/brand", methods=["GET", "POST"])
@admin_required
def brand() -> ResponseReturnValue:
    """The form, and beside it the brand as it would be."""
    form = _form()
    sent = request.files.get("logo")
    content = sent.read() if sent is not None and sent.filename else None
    _, status = submit(
        form, lambda: brands.save(actor(), form.entered, content), lambda: _form(formdata=None)
    )
    if status == SAVED:
        return back_to("settings.brand", "Brand saved. Quotes that are published keep the brand they have.")
    if status == 409:
        form.logo_before.data = brands.current()[0]["logo"]
    shown = {name: form[name].data or "" for name in LOOK}
    answer = make_response(render_template("settings/brand.html", form=form, **_look(shown)), status)
    answer.headers["Content-Security-Policy"] = WITH_FRAMES
    return answer


@settings.get("/brand/look")
@admin_required
def brand_look() -> ResponseReturnValue:
    """The brand as it would be with what is typed (htmx)."""
    return render_template("settings/_brand_look.html", **_look(_typed()))


@settings.get("/brand/page")
@admin_required
def brand_page() -> ResponseReturnValue:
    """A customer's page with what is typed, of a sample offer."""
    looked_at = brands.of_form(_typed())
    frozen = sample.offer(looked_at, actor(), utc_now())
    g.place = frozen.place
    computed = pricing.of_snapshot(frozen)
    page = render_template(
        "settings/brand_page.html",
        frozen=frozen,
        **choosing.shown(frozen, computed),
        quantities={},
        pdf_address=url_for("settings.brand_paper", **_typed()),
        picture_of=branding.pictures(frozen, _sample_picture),
        brand_css=url_for("settings.brand_css", color=looked_at.color),
        logo=url_for("settings.brand_logo", sha256=looked_at.logo) if looked_at.logo else "",
    )
    return _framed(make_response(page))


@settings.get("/brand/quote.pdf")
@admin_required
def brand_paper() -> ResponseReturnValue:
    """The same offer as PDF."""
    frozen = sample.offer(brands.of_form(_typed()), actor(), utc_now())
    images = Pictures(logos.of(frozen.brand), sample.pictures(frozen))
    db.session.rollback()  # rendering is slow; don't keep others waiting for this transaction
    return pdf_response(document.render(frozen, None, images, _sample_link()), "brand.pdf")


@settings.get("/brand/mail")
@admin_required
def brand_mail() -> ResponseReturnValue:
    """A mail to a customer with what is typed."""
    looked_at = brands.of_form(_typed())
    frozen = sample.offer(looked_at, actor(), utc_now())
    logo = url_for("settings.brand_logo", sha256=looked_at.logo) if looked_at.logo else ""
    answer = make_response(branded.html_of(branded.sample(frozen, _sample_link()), frozen, logo))
    answer.headers["Content-Security-Policy"] = MAIL_IN_A_FRAME
    return answer


@settings.get("/brand/colors.css")
@admin_required
def brand_css() -> ResponseReturnValue:
    """The colors that follow from ``color``."""
    return branding.variables(brands.of_form({"color": request.args.get("color", "")}))


@settings.get("/brand/logo/<sha256>")
@admin_required
def brand_logo(sha256: str) -> ResponseReturnValue:
    """A logo."""
    return branding.logo(Brand(logo=sha256))


def _form(**options: object) -> BrandForm:
    stored, _ = brands.current()
    return BrandForm(data={**stored, "logo_before": stored["logo"]}, seen=brands.seen(), **options)


def _typed() -> dict[str, Any]:
    return {name: request.args.get(name, "") for name in LOOK}


def _look(values: dict[str, str]) -> dict[str, object]:
    return {"look": brands.of_form(values), "typed": values, "default_color": brands.DEFAULT_COLOR}


def _sample_picture(sha256: str) -> str:
    return url_for("static", filename=f"img/{sha256}.webp")


def _sample_link() -> str:
    return links.to_page(runtime().config.public_base_url, "sample")


def _framed(response: Response) -> Response:
    """Let our own page show it in a frame."""
    response.headers["Content-Security-Policy"] = IN_A_FRAME
    return response
