"""Names the folders of a Maildir with emails that came back."""

UNKNOWN = ".unknown"  # a folder of a Maildir begins with a dot (Maildir++)
