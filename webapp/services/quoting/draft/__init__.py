"""The draft that a rep edits: header, lines, stage, open issues."""
