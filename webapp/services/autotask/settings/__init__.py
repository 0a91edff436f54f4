"""What the admin decided: the sections, their drafts and history, the page, the mappings."""
