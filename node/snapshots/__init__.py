"""State at one height as others can check it: in files, and in chunks over the network."""
