"""One file for each section of RESULTS.md; each has `measure()`, which returns its text."""
