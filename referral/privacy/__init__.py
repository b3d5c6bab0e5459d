"""The participant's rights that reach across areas (AVG chapter III): for now the access request (inzage)."""
