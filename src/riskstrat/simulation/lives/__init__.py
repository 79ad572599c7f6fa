"""What happens to people: conditions, admissions, attendances, deaths."""
