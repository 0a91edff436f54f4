"""Single sign-on: who proves who they are at an OpenID Connect provider (Entra ID, Google and others)."""

# The id of the only row of settings.
ONLY = 1
