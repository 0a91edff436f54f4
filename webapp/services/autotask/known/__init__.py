"""What Autotask already has of a quote: links, observation, matching, natural keys."""
