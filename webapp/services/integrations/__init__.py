"""What Quotewright can be connected with. A new integration is one class and its line in ``registry``."""
