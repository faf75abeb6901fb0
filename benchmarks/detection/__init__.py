"""What tools see of what is changed by hand: the tests' acceptance catalogue, played to each."""
