SELECT line
