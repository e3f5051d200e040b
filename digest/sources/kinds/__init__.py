"""The kinds of sources: one file for each exports its `SourceType`; nothing else switches on a kind."""
