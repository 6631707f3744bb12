"""Personal data at rest: sealed under a key of the person, so that to destroy the key is to erase them everywhere."""
