"""The brand on the customer's page, and the page where an admin chooses it."""

from __future__ import annotations

import io

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.quoting.test_brand import DARKER, ORANGE, picture, save
from tests.quoting.test_document import read
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import CompanyBrand, Logo, User, db


def test_the_customer_sees_colors_logo_and_letterhead(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        rep = samples.rep()
        save(rep, picture(), color=ORANGE, registration_number="HRB 1234")
        token = samples.published(rep).quote.public_token
    page = client.get(f"/q/{token}")
    assert "Registration number HRB 1234" in text(page)
    assert f'src="/q/{token}/logo?r=1"' in page.text
    colors = client.get(f"/q/{token}/brand.css?r=1")
    assert (colors.mimetype, "immutable" in colors.headers["Cache-Control"]) == ("text/css", True)
    assert f"--brand: {ORANGE};" in colors.text
    assert f"--accent: {DARKER};" in colors.text
    assert client.get(f"/q/{token}/logo").mimetype == "image/png"
    assert client.get("/q/no-such-link/brand.css").status_code == 404


def test_an_admin_sees_page_and_paper_before_saving(admin: Visitor) -> None:
    look = admin.client.get("/settings/brand/look?color=%23F26A1B").text
    assert "too light for text" in look
    page = admin.client.get("/settings/brand/page?color=%23F26A1B&tax_id=NY+12")
    assert "Tax ID NY 12" in text(page)
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in admin.client.get("/settings/brand").headers["Content-Security-Policy"]
    mail = admin.client.get("/settings/brand/mail?color=%23F26A1B")
    assert f'bgcolor="{DARKER}"' in mail.text
    assert "default-src 'none'" in mail.headers["Content-Security-Policy"]
    assert "script" not in mail.headers["Content-Security-Policy"]
    pdf = admin.client.get("/settings/brand/quote.pdf?tax_id=NY+12&seller_name=Harbor")
    assert "Tax ID NY 12" in " ".join(read(pdf.data))
    assert "Harbor" in " ".join(read(pdf.data))
    # The form shows it beside itself, where the browser can.
    assert "frame-ancestors 'self'" in pdf.headers["Content-Security-Policy"]
    assert "object-src 'self'" in admin.client.get("/settings/brand").headers["Content-Security-Policy"]
    assert (
        "seller_name=Harbor"
        in admin.client.get("/settings/brand/look?seller_name=Harbor").text.partition("<object")[2]
    )
    form = admin.form("/settings/brand", "/settings/brand")
    answer = admin.send(form, {"color": "nonsense", "tax_id": "NY 12"})
    assert answer.status_code == 422
    assert "NY 12" in answer.text
    assert admin.send(form, {"color": ORANGE}).status_code == 303
    assert "Brand saved." in admin.client.get("/settings/brand").text


def test_an_admin_adds_brands_and_a_rep_picks_one(admin: Visitor, ids: Ids) -> None:
    editor = ids.quote_page
    assert 'name="header.brand"' not in admin.client.get(editor).text
    form = admin.form("/settings/brand/new", "/settings/brand/new")
    refused = admin.send(form, {"name": "", "seller_name": "Harbor Hardware Inc."})
    assert refused.status_code == 422
    assert "Harbor Hardware Inc." in refused.text
    sent = admin.send(form, {"name": "Hardware", "seller_name": "Harbor Hardware Inc.", "color": ORANGE})
    assert sent.status_code == 303
    page = admin.client.get(sent.location)
    assert "Hardware added." in page.text
    brand_id = int(sent.location.rpartition("/")[2])
    picked = admin.form(f"{editor}?plain=1", "/all")
    assert "Hardware" in admin.client.get(editor).text
    assert admin.send(picked, {"header.brand": str(brand_id)}).status_code in (200, 303)
    away = admin.form(f"/settings/brand/{brand_id}", "/delete")
    assert "Delete this brand?" in text(admin.send(away, {}))
    refused = admin.client.post(away.action, data={**dict(away.fill({})), "sure": "1"})
    assert refused.status_code == 422
    assert "still open use it" in text(refused)
    made = admin.send(admin.form(f"/settings/brand/{brand_id}", "/default"), {})
    assert made.status_code == 303
    assert "Hardware is the default now." in admin.client.get("/settings/brand").text
    look = admin.client.get("/settings/brand/page?seller_name=Harbor+%26+Co&address=1+Pier")
    assert "Harbor & Co" in text(look)
    assert "1 Pier" in text(look)
    assert admin.client.get("/settings/brand/9999").status_code == 404


def test_a_form_is_saved_to_its_own_brand_after_another_became_the_default(admin: Visitor) -> None:
    added = admin.send(admin.form("/settings/brand/new", "/settings/brand/new"), {"name": "Hardware"})
    admin.send(admin.form("/settings/brand", "/settings/brand"), {"tax_id": "NY 1"})
    opened = admin.form("/settings/brand", "/settings/brand")
    assert admin.send(admin.form(added.location, "/default"), {}).status_code == 303
    saved = admin.send(opened, {"tax_id": "NY 2"})
    assert saved.status_code == 303
    assert "NY 2" in admin.client.get(saved.location).text
    page = admin.client.get("/settings/brand").text
    assert "Hardware" in page
    assert "NY 2" not in page
    assert "NY 1" not in page


def looked_at(admin: Visitor, name: str, file: bytes) -> TestResponse:
    """The look with a file that is chosen and not saved."""
    sent = dict(admin.form("/settings/brand", "/settings/brand").fill({"tax_id": "NY 12"}))
    return admin.client.post(f"/settings/brand/{name}", data={**sent, "logo": (io.BytesIO(file), "logo")})


def test_an_admin_sees_a_new_logo_before_saving(app: Flask, admin: Visitor) -> None:
    form = admin.client.get("/settings/brand").text
    # Enter in a field presses the first button of the form.
    assert form.index("Save brand") < form.index('formaction="/settings/brand/page"')
    before = admin.client.get("/settings/brand/quote.pdf").data
    new = {name: looked_at(admin, name, picture()) for name in ("page", "mail", "quote.pdf")}
    assert [answer.status_code for answer in new.values()] == [200, 200, 200]
    assert 'class="seller-logo" src="data:image/png;base64,' in new["page"].text
    assert "Tax ID NY 12" in text(new["page"])
    assert 'src="data:image/png;base64,' in new["mail"].text
    assert new["quote.pdf"].data.count(b"/Subtype /Image") > before.count(b"/Subtype /Image")
    assert 'src="/settings/brand/page' not in admin.client.get("/settings/brand/look?new_logo=1").text
    with app.app_context():
        assert db.session.scalars(db.select(Logo)).all() == []


def test_an_admin_sees_the_brand_without_its_logo_before_saving(app: Flask, admin: Visitor) -> None:
    with app.app_context():
        save(db.session.get_one(User, 1), picture(), color=ORANGE)
    before = dict(admin.form("/settings/brand", "/settings/brand").fill({}))["logo_before"]
    asked = admin.client.get("/settings/brand").text.partition('hx-params="')[2].partition('"')[0]
    assert asked.endswith("logo_before, remove_logo")
    kept = admin.client.get(f"/settings/brand/look?logo_before={before}")
    assert f"logo_before={before}" in kept.text
    removed = admin.client.get(f"/settings/brand/look?logo_before={before}&remove_logo=y")
    assert before not in removed.text
    shown = "/settings/brand/{}?logo_before={}&remove_logo=y"
    for frame in ("page", "mail"):
        with_it = admin.client.get(f"/settings/brand/{frame}?logo_before={before}").text
        assert "data:image/png;base64," in with_it
        assert "data:image/png;base64," not in admin.client.get(shown.format(frame, before)).text
    with app.app_context():
        assert db.session.scalar(db.select(CompanyBrand.logo)) == before


def test_a_file_that_can_be_no_logo_is_refused_in_the_look(admin: Visitor) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for file, sentence in ((svg, "isn't an image we can read"), (picture(8000, 5000), "25 megapixels")):
        for name in ("page", "mail", "quote.pdf"):
            refused = looked_at(admin, name, file)
            assert refused.status_code == 422
            assert sentence in text(refused)
            assert "frame-ancestors 'self'" in refused.headers["Content-Security-Policy"]
