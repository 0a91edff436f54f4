"""What a rep asks of Autotask while working on a quote: live search, pull, LiveLinks."""
