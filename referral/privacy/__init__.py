"""The participant's rights that reach across areas (AVG chapter III): requests, decisions, and the answer to access."""
