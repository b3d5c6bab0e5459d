"""The start page of every role. The pages of the work itself are still to come; the API does all of it."""
