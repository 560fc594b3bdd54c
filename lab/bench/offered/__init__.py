"""How servers behave as the offered load grows: what they answer, how late, and what it costs."""
