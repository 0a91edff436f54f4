"""The catalogue's entry for Datto Autotask PSA."""

from __future__ import annotations

from webapp.models.integration import AUTOTASK
from webapp.services.autotask import connection, settings_store
from webapp.services.integrations.base import PSA, State


class Autotask:
    """Quotes become opportunities, quotes with their lines, and PDFs in Autotask."""

    key = AUTOTASK
    name = "Datto Autotask PSA"
    group = PSA
    blurb = "Published quotes arrive as opportunities and quotes, line by line, with their PDF."
    add_endpoint = "integrations.connect"
    settings_endpoint = "integrations.autotask"

    def state(self) -> State:
        """Working means: connected, and its settings were saved once."""
        found = connection.load()
        if found is None:
            return State(added=False, working=False)
        if found.state != connection.CONNECTED:
            return State(added=True, working=False, sentence=found.state_sentence)
        if settings_store.active().version == 0:
            return State(
                added=True,
                working=False,
                sentence="Connected, but “Save Integration” was not pressed yet, so nothing is pushed.",
            )
        return State(added=True, working=True, sentence=f"Connected as {found.user_name}.")
