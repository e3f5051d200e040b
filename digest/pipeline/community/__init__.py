"""What readers do with papers: votes."""
