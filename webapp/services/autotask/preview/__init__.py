"""What a push would do or be refused for, with nothing written."""
