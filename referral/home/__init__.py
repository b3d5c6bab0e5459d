"""The start page of every role: what waits for whoever signs in. The frame around every page is here too."""
