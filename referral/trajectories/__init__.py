"""Trajectories: the catalogue of what is on offer, and the advice about what fits whom."""
