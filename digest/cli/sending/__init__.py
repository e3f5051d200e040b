"""Commands about emails: previews, issues, deliveries, bounces, suppressions."""
