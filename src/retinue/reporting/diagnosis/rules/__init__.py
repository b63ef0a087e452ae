"""The rules: each looks at the facts of a run and says what is wrong, or nothing.

A rule that rests on counts of pictures speaks only where chance would hardly bring them about.
"""
