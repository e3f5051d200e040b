"""Holds commands about emails: previews, issues, deliveries, bounces, suppressions."""
