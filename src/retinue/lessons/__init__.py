"""A course on convolutional networks: lessons, labs whose answers are checked, and their grading.

from retinue.lessons import check, lesson_data, start

start()                                   # which processor or GPU is here
data = lesson_data("fashion-mnist")       # or generated pictures, where it is not at hand
check("lab2.conv2d", conv2d)              # passes, or shows the failing case and a hint
"""

from retinue.lessons.checking import check
from retinue.lessons.material import lesson_data
from retinue.lessons.starting import start

__all__ = ["check", "lesson_data", "start"]
