"""Who the company sells to: people, organizations, and which of their fields are required."""
