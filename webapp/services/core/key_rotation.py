"""Re-encrypt every stored secret with the newest key, so that older keys can be removed."""

from __future__ import annotations

from webapp.models import Base, db
from webapp.services.core.runtime import Runtime

SUFFIX = "_encrypted"


def rotate(runtime: Runtime) -> int:
    """Re-encrypt all columns whose name ends with ``_encrypted``; returns the number of values.

    Raises ServiceError, and changes nothing, when no key matches a value.
    """
    count = 0
    for mapper in Base.registry.mappers:
        names = [column.key for column in mapper.column_attrs if column.key.endswith(SUFFIX)]
        if not names:
            continue
        for record in db.session.scalars(db.select(mapper.class_).with_for_update()):
            for name in names:
                token = getattr(record, name)
                if token:
                    setattr(record, name, runtime.vault.rotate(token))
                    count += 1
    db.session.commit()
    return count
