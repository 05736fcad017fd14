# SPDX-License-Identifier: MIT
"""One file for each form. Each has make(installed, output, work), which writes one file for an architecture and returns it,
or make_for_all(list of installed, ...), which writes one for all. `work` is an empty directory of its own."""
