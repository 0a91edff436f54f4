"""Settings > Brand: the brand as it would be with what is in the form. Nothing of it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.services.company import profile
from webapp.services.company.brand import brand, kept
from webapp.services.company.brand.brand import Brand
from webapp.services.core import images
from webapp.services.core.fields import Reader


@dataclass(frozen=True)
class Look:
    """A brand to look at, and the seller's profile with it.

    ``logo``: as it is or would be kept, as a ``data:`` address; empty without one.
    """

    brand: Brand
    seller: dict[str, Any]
    logo: str


def of_form(logo: str, values: Mapping[str, object], upload: bytes | None = None) -> Look:
    """The brand with these values. A color that is none gives the default.

    ``logo``: the hash of the logo that it has; ``upload``: the file of another one. Raises Invalid with a sentence
    where that can't be a logo, or Busy.
    """
    reader = Reader(values)
    fields = {**kept.read_look(reader), "logo": logo}
    if "color" in reader.errors:
        fields["color"] = ""
    made, seller = brand.made_of(fields), brand.seller(profile.current()[0], fields)
    image = kept.decoded(upload)
    if image is None:
        return Look(made, seller, brand.logo_address(made.logo))
    sha256 = hashlib.sha256(image.content).hexdigest()
    new = {"logo": sha256, "logo_width": image.width, "logo_height": image.height}
    return Look(made.model_copy(update=new), seller, images.address(image.media_type, image.content))
