SELECT id, name, note
