"""The proof that Quotewright works: the whole product driven over HTTP, and Autotask read back."""
