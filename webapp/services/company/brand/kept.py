"""Settings > Brand: the brands that are kept. Add one, change it, make it the default, delete it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError

from webapp.models import CompanyBrand, Logo, Quote, Revision, User, db, names
from webapp.models.quote import PENDING
from webapp.services.company import profile
from webapp.services.company.brand import brand, colors
from webapp.services.company.brand.brand import (
    COVERS,
    FONTS,
    IMAGES,
    INTER,
    LETTERHEAD,
    LONG,
    OWN,
    SHOW,
)
from webapp.services.core import images, merge, records, work
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.core.fields import Reader
from webapp.services.diary import diary, merging

LARGEST_LOGO = images.MEGABYTE
# Pixels; it is shown up to 200 wide, on sharp screens with twice as many.
LONGEST_SIDE = 480
# As it is kept: each customer loads it.
LARGEST_KEPT = 300 * 1024
# So that all of it fits into the address of the page that shows it before saving.
LONGEST_BANK_DETAILS = LONGEST_ADDRESS = 250
FIELDS = ("name", "color", *LETTERHEAD, *OWN)
GONE = "This brand no longer exists."
AT_ONCE = "Another admin changed the brands meanwhile, so nothing was saved. Look at them, then save again."
# Quotes that a refusal names.
NAMED = 3


def everything() -> list[CompanyBrand]:
    """All brands: the default one, then by name."""
    query = db.select(CompanyBrand).order_by(CompanyBrand.is_default.desc(), CompanyBrand.name)
    return list(db.session.scalars(query))


def get(brand_id: int) -> CompanyBrand:
    """Raises NotFound with a sentence."""
    return records.get(CompanyBrand, brand_id, GONE)


def first_name() -> str:
    """What the default brand is called until someone names it: the company."""
    return str(profile.current()[0]["name"])[:80] or "Default"


def shown(record: CompanyBrand | None) -> dict[str, str]:
    """What the form shows, and ``logo``; of None, what a company that never saved a brand has."""
    record = record or _plain(first_name())
    return {"name": record.name, **brand.fields_of(record)}


def of_a_new_one() -> dict[str, str]:
    """What the form of a further brand shows at first: the default one without its name, color and logo."""
    like = shown(brand.default())
    return {**like, **dict.fromkeys(("name", "color", "logo", *OWN), "")}


def seen(values: Mapping[str, str]) -> str:
    """The ``seen`` of the form that shows these values (``core.merge``)."""
    return merge.seen({name: values[name] for name in FIELDS})


@work.command
def add(actor: User | None, values: Mapping[str, object], logo: bytes | None = None) -> CompanyBrand:
    """A further brand. Raises Invalid with a sentence by field; stores nothing then."""
    _default()
    made = _plain("")
    reader = Reader(values)
    _take(made, _named(reader, None), decoded(logo))
    return _written(actor, "brand.created", made)


@work.command
def save(
    actor: User | None, record: CompanyBrand | None, values: Mapping[str, object], logo: bytes | None = None
) -> CompanyBrand:
    """Change a brand; None: the default one. ``logo``: a new one; ``values["remove_logo"]``: without the one it has.

    ``values["logo_before"]``: the hash of the logo that the form showed.

    Raises Invalid with a sentence by field, or Conflict where another admin changed the same; stores nothing then.
    """
    record = record or _default()
    reader = Reader(values)
    mine = _named(reader, record)
    image = decoded(logo)
    merged = merging.into(actor, record, values, mine, what="brand").values
    removes = image is None and reader.flag("remove_logo")
    if (image is not None or removes) and reader.text("logo_before", 64) != record.logo:
        raise Conflict(
            "Another admin changed the logo meanwhile, so nothing was saved. Look at it, then save again."
        )
    _take(record, merged, image)
    if removes:
        record.logo = ""
    return _written(actor, "brand.changed", record)


@work.command
def make_default(actor: User | None, brand_id: int) -> CompanyBrand:
    """Make it the brand of quotes that name none. Raises NotFound."""
    rows = _locked()
    record = next((row for row in rows if row.id == brand_id), None) or get(brand_id)
    if record.is_default:
        return record
    for row in rows:
        row.is_default = False
    # One is the default at any moment, says the table.
    db.session.flush()
    record.is_default = True
    return _written(actor, "brand.made_default", record)


@work.command
def delete(actor: User | None, brand_id: int) -> str:
    """Delete a brand and return its name; what was published with it keeps its look.

    Raises NotFound, or Invalid with a sentence where it's the default or an open quote has it.
    """
    # In the order in which a rep locks them: the quote, then its brand.
    having = db.select(Quote.id).where(Quote.brand_id == brand_id).order_by(Quote.id)
    db.session.execute(having.with_for_update())
    _locked()
    record = get(brand_id)
    name = record.name
    if record.is_default:
        raise Invalid(
            f"“{name}” wasn't deleted because it's the default. Make another brand the default first."
        )
    # Discarding what changed since would bring the live revision's brand back.
    newest = db.select(db.func.max(Revision.id)).where(Revision.quote_id == Quote.id).correlate(Quote)
    live = Revision.content.contains(f'"brand_id":{record.id},')
    published = db.select(Revision.quote_id).where(Revision.id == newest.scalar_subquery(), live)
    has_it = (Quote.brand_id == record.id) | published.exists()
    having = db.select(Quote).where(Quote.status == PENDING, has_it).order_by(Quote.id)
    quotes = list(db.session.scalars(having.limit(NAMED + 1)))
    if quotes:
        listed = ", ".join(str(quote.number or f"“{quote.title}”") for quote in quotes[:NAMED])
        more = " and others" if len(quotes) > NAMED else ""
        raise Invalid(
            f"“{name}” wasn't deleted because quotes that are still open use it: {listed}{more}. Choose another brand "
            "in them first."
        )
    # Answered ones no longer change, so they don't become newer by this.
    having = db.update(Quote).where(Quote.brand_id == record.id)
    db.session.execute(having.values(brand_id=None, updated_at=Quote.updated_at))
    diary.write(actor, "brand.deleted", "brand", record.id, name=name)
    db.session.delete(record)
    db.session.flush()
    return name


def _locked() -> list[CompanyBrand]:
    query = db.select(CompanyBrand).order_by(CompanyBrand.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def _plain(name: str) -> CompanyBrand:
    """A brand that nobody has changed yet, not stored."""
    texts = dict.fromkeys(("color", "logo", *LETTERHEAD, *OWN), "")
    return CompanyBrand(
        **{**texts, "name": name, "is_default": False, "font": INTER, "cover": LONG, "images": SHOW}
    )


def _default() -> CompanyBrand:
    """The default brand, made now if it never was."""
    found = brand.default()
    if found is None:
        found = _plain(first_name())
        found.is_default = True
        db.session.add(found)
        _flush()
    return found


def _named(reader: Reader, record: CompanyBrand | None) -> dict[str, str]:
    """What the form holds. Raises Invalid."""
    read = {
        "name": reader.text("name", 80, missing="Enter a name. Only your team sees it."),
        **read_look(reader),
    }
    profile.check_addresses(reader, read)
    with db.session.no_autoflush:
        twin = db.select(CompanyBrand).where(CompanyBrand.name_key == names.name_key(read["name"])).limit(1)
        other = db.session.scalar(twin)
    if other is not None and other is not record:
        reader.fail("name", "A brand with this name already exists.")
    reader.check()
    return read


def read_look(reader: Reader) -> dict[str, str]:
    """What the form holds but for the name and the logo; ``reader`` notes what is wrong."""
    typed = reader.text("color", 20)
    try:
        color = colors.parse(typed) if typed else ""
    except ValueError:
        color = ""
        reader.fail("color", "Enter a color like #0B5D44, or leave this empty.")
    return {
        "color": color,
        "tax_id": reader.text("tax_id", 60),
        "registration_number": reader.text("registration_number", 60),
        "cover": reader.choice("cover", tuple(COVERS), LONG),
        "font": reader.choice("font", tuple(FONTS), INTER),
        "images": reader.choice("images", tuple(IMAGES), SHOW),
        "bank_details": reader.text("bank_details", LONGEST_BANK_DETAILS, one_line=False),
        "seller_name": reader.text("seller_name", 200),
        "address": reader.text("address", LONGEST_ADDRESS, one_line=False),
        "phone": reader.text("phone", 50),
        "email": reader.text("email", 254),
        "website": reader.text("website", 255),
    }


def decoded(logo: bytes | None) -> images.Decoded | None:
    """An uploaded logo as it would be kept. Raises Invalid with a sentence for what can't be one, or Busy."""
    if logo is None:
        return None
    images.check_size(logo, LARGEST_LOGO, "image")
    image = images.read(logo, LONGEST_SIDE, is_drawing=True)
    if len(image.content) > LARGEST_KEPT:
        raise Invalid("Nothing was saved. This logo has too much detail to load fast. Use a simpler image.")
    return image


def _take(record: CompanyBrand, read: Mapping[str, object], image: images.Decoded | None) -> None:
    for field, value in read.items():
        setattr(record, field, value)
    if image is not None:
        record.logo = _keep(image)


def _written(actor: User | None, action: str, record: CompanyBrand) -> CompanyBrand:
    db.session.add(record)
    _flush()
    diary.write(actor, action, "brand", record.id, name=record.name)
    return record


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        # Two admins saved the first brand, or the same name, at one moment.
        raise Conflict(AT_ONCE) from error


def _keep(image: images.Decoded) -> str:
    sha256 = hashlib.sha256(image.content).hexdigest()
    if db.session.get(Logo, sha256) is None:
        kept = Logo(
            sha256=sha256,
            media_type=image.media_type,
            width=image.width,
            height=image.height,
            content=image.content,
        )
        db.session.add(kept)
        db.session.flush()
    return sha256
