"""Words shared by every room: the kinds of error, progress, and text in both languages."""
