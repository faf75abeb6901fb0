"""Plans repairs, tries them on copies, and measures what they do to tables."""
