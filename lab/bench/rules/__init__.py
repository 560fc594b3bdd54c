"""What a decision costs by the number of rules: one question, the same rules in every server's own language."""
