"""Write results for people and programs: tables, text, HTML, progress."""
