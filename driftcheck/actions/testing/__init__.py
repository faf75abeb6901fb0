"""What the pytest plugin asks for: checks of a history one by one, and databases for tests.

All of it runs in a child process of pytest.
"""
