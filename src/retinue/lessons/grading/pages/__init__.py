"""Pages for teacher and students: one file each, which fetch nothing, with everything escaped."""
