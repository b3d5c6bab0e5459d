"""Accounting for it (AVG art. 5(2)): processing records, who saw a person, whom a breach touches, the register."""
