"""Tests: pure code first, then real parts."""
