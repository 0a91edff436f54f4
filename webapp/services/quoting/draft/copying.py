"""Copy a quote to a new draft."""

from __future__ import annotations

from webapp.models import Quote, QuoteLine, QuoteSection, User
from webapp.services.company.brand import of_quote
from webapp.services.core import work
from webapp.services.diary import diary
from webapp.services.quoting.draft import editing
from webapp.services.quoting.draft.lines import copied, new_uid
from webapp.services.quoting.draft.sections import FIELDS as SECTION

HEADER = (
    *("currency", "comments", "discount_kind", "discount_value", "shipping_amount"),
    *("deposit_kind", "deposit_value", "deposit_is_required"),
)


@work.command
def copy(actor: User, quote_id: int) -> Quote:
    """A draft with the same customer, texts, lines and prices, and a new expiration date.

    It has no Autotask opportunity yet. Raises NotFound.
    """
    original = editing.get(quote_id)
    new = editing.create(
        actor, person=original.person, organization=original.organization, title=f"{original.title} (copy)"
    )
    for name in HEADER:
        setattr(new, name, getattr(original, name))
    new.brand = of_quote.held(original.brand_id)
    sections = {
        section.uid: QuoteSection(
            uid=new_uid(), position=position, **{name: getattr(section, name) for name in SECTION}
        )
        for position, section in enumerate(original.sections)
    }
    new.sections = list(sections.values())
    new.lines = [
        QuoteLine(
            uid=new_uid(),
            position=position,
            section=sections[line.section.uid] if line.section else None,
            **copied(line),
        )
        for position, line in enumerate(original.lines)
    ]
    diary.write(actor, "quote.copied", "quote", new.id, original=original.id)
    return new
