"""From a frozen revision to the desired remote state, a module for each record. Pure: no calls to Autotask."""
