"""From a frozen revision to the desired remote state. Pure: nothing here calls Autotask."""
