"""The second step of the sign-in: an authenticator app, a passkey, or a recovery code."""
