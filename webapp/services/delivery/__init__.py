"""Telling people: mail and notifications."""
