"""The rules of the discussion: each makes sentences from measured numbers, or none.

A rule takes the findings and returns sentences that carry their figures. Where an interval contains
0 the sentence is that no difference was shown.
"""
