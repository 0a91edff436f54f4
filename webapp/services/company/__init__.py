"""The selling company: its profile, its app-wide settings, its loss reasons."""
