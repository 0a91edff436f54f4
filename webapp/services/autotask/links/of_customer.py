"""The company in Autotask that an organization is linked to: shown on its page, and undone if it is the wrong one."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import Link, Organization, Person, PushQuestion, User, db, local_key
from webapp.models.integration import AUTOTASK
from webapp.services.autotask.connection import weblinks
from webapp.services.autotask.known import links
from webapp.services.autotask.known.links import LinkKey
from webapp.services.core import work
from webapp.services.core.errors import Conflict
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary

COMPANIES, CONTACTS = "Companies", "Contacts"
CHANGED = "The link was changed or removed while you were looking at it. Nothing was done. Review it below."


@dataclass(frozen=True)
class CompanyLink:
    """``name``: the company's name in Autotask when it was matched or created, if it was kept."""

    remote_id: int
    name: str
    url: str


def of_organization(runtime: Runtime, organization_id: int) -> CompanyLink | None:
    """The link of an organization; None when the next sync matches or creates its company."""
    link = links.find(LinkKey(local_key.organization(organization_id), COMPANIES))
    if link is None:
        return None
    root = weblinks.base(runtime.config.autotask_allowed_hosts)
    name = str(link.pushed.get("companyName") or "")
    return CompanyLink(link.remote_id, name, weblinks.record_url(root, COMPANIES, link.remote_id))


@work.command
def undo(actor: User, organization: Organization, remote_id: int) -> None:
    """Remove the organization's link, its people's contacts in that company, and the answers that led to them.

    Nothing changes in Autotask. Raises Conflict when the link isn't to ``remote_id`` any more.
    """
    key = LinkKey(local_key.organization(organization.id), COMPANIES)
    link = links.find(key)
    if link is None or link.remote_id != remote_id:
        raise Conflict(CHANGED)
    links.remove(key, remote_id)
    people = [
        local_key.person(number).stored_id
        for number in db.session.scalars(db.select(Person.id).filter_by(organization_id=organization.id))
    ]
    db.session.execute(
        db.delete(Link)
        .where(
            Link.integration == AUTOTASK,
            Link.local_type == local_key.PERSON,
            Link.remote_entity == CONTACTS,
            Link.local_id.in_(people),
            Link.remote_parent_id == remote_id,
        )
        .execution_options(synchronize_session="fetch")
    )
    for kind, ids, entity in (
        (local_key.ORGANIZATION, [key.local.stored_id], COMPANIES),
        (local_key.PERSON, people, CONTACTS),
    ):
        db.session.execute(
            db.delete(PushQuestion)
            .where(
                PushQuestion.local_type == kind,
                PushQuestion.local_id.in_(ids),
                PushQuestion.remote_entity == entity,
                PushQuestion.chosen_id.is_not(None),
            )
            .execution_options(synchronize_session="fetch")
        )
    diary.write(actor, "organization.unlinked", "organization", organization.id, company=remote_id)
