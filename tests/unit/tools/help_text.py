# SPDX-License-Identifier: BSD-3-Clause
"""What tests read in a program's help, however its lines are broken."""
import re


def listed(head, text):
    """The words "one, two, three" behind that head."""
    return re.search(rf"\b{head} ((?:\w+, )+\w+)", " ".join(text.split()))[1].split(", ")
