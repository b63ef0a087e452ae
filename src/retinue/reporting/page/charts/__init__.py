"""Charts as SVG inside the page: plain pictures, whose values can be read one by one."""
