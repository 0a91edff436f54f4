"""The seller's company: profile, app-wide settings, loss reasons."""
