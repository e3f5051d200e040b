"""Subscribers, their interests, consents, sign-ups, suppressions and the emails about a subscription."""
