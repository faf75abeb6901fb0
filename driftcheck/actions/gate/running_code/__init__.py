"""Whether the running code still works after the new revisions.

A deployment migrates the database while the code of the base still serves. So the statements of the
base's models are run on the base's schema, and again after the new revisions.
"""
