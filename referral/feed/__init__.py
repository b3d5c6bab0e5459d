"""The feed of chain events: what happened, as ids only, in an order that loses nothing."""
