"""What switches do with the replies they get: parts of a network access server for the lab."""
