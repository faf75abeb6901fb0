"""Where reading and judging meet: the pieces that a check is put together from."""
