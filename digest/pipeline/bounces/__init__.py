"""Reads mails that came back and applies what follows."""
