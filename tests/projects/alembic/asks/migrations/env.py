assert input("Really? ") == "y"
