"""The controls of the settings page, one module for each section."""
