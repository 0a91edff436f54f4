"""What happens to a quote: published, won, lost, reopened, expired."""
