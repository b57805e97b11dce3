"""A company's folder: its definitions (`definitions`), its place on disk (`folder`), safe publishing (`publishing`)."""
