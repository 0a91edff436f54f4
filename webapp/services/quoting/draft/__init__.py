"""The quote as a rep works on it: its stage, header and lines."""
