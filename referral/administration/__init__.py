"""Administration (beheer): the people and tokens of an organisation, and the lists and terms that all work by."""
