SELECT line, char_length(line) n WHERE line <> 'x'
