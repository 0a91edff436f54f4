"""The delivery room: every reader of the diary is told once, by a row that waits until a worker has told it.

A reader (``reader.Reader``) says which entries it wants and delivers one row; the room does everything else: rows in
the transaction of the event, due times, claims, retries, dead workers, batches.
"""
