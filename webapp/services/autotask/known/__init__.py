"""What Autotask already has of a quote: links, answers, and a matcher for each entity."""
