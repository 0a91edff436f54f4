"""Personal data: how long things are kept, what is held about a person, and making a person anonymous."""
