"""Settings > Integrations and its neighbours."""
