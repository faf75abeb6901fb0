"""The guard of ``migrate``: keeps operations that exist because of drift out of migrations."""
