"""Single sign-on: who proves who they are at an OpenID Connect provider (Entra ID, Google and others)."""
