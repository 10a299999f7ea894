# SPDX-License-Identifier: BSD-3-Clause
"""Rules of tools/tidy that look at more than one file at a time."""
