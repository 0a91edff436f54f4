"""The company's seal: the key that signs PDFs of acceptances, and the authority that stamps their time."""
