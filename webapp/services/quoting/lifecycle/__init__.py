"""The life of a quote: published, won, lost, reopened, expired."""
