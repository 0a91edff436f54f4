"""Lists of quotes: the quotes page, the home page, the history of a quote."""
