"""Who is who: pseudonyms, NHS numbers, local identifiers, and links by details."""
