"""The admin's decisions: the sections, their drafts and history, the settings page, the mappings."""
