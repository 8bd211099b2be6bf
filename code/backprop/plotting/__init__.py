"""Pictures of the chapters. Each function takes data, draws into its own figure and returns None.

Nothing is set on import: the look is applied around each drawing. Every figure is opaque, so that
it reads on a dark page, and its colours can be told apart without seeing red or green.
"""
