"""A stand-in for the Autotask REST API, for development, demonstrations and tests.

The product never imports this package, and this package never imports the product.
"""
