"""What people and programs read: summaries, documents, schemas."""
