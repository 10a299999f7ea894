# SPDX-License-Identifier: BSD-3-Clause
"""Results as text."""


def seconds(value):
    """A duration for people: "36 ms", "3.65 s", "-"."""
    if value is None:
        return "-"
    if abs(value) < 0.00995:
        return f"{value * 1000:.1f} ms"
    return f"{value * 1000:.0f} ms" if abs(value) < 0.9995 else f"{value:.2f} s"


def table(header, rows):
    """Columns as wide as they need; the first to the left, the others to the right."""
    cells = [header, *rows]
    widths = [max(len(str(row[i])) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        words = [str(cell).rjust(width) for cell, width in zip(row, widths)]
        words[0] = str(row[0]).ljust(widths[0])
        lines.append("  ".join(words).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def one_line(result):
    text = f"{result.fault}: {result.broken} of {result.clients} connections broken"
    if result.knew_worst is not None:
        text += f", clients knew after {seconds(result.knew_median)} (worst {seconds(result.knew_worst)})"
    return text + f", all served again after {seconds(result.all_back)}"


def drill_table(outcome):
    rows = []
    for fault in outcome["faults"]:
        broken = f"{fault['broken']} of {fault['clients']}"
        if fault["victims"] is not None:
            broken += f" ({fault['victims']} there)"
        rows.append((fault["fault"], broken, seconds(fault["knew_median"]), seconds(fault["knew_worst"]),
                     seconds(fault["longest_gap"]), seconds(fault["all_back"])))
    account = outcome["account"]
    header = ("fault", "broken", "knew, median", "knew, worst", "longest gap", "all back")
    return (table(header, rows) + f"\n\nmessages: {account['confirmed']} confirmed, {account['lost']} lost, "
            f"{account['duplicated']} duplicated" + (f", lost: {account['lost_ids']}" if account["lost"] else ""))


def vrrp_rows(outcome):
    """(what, measured, goal, whether it was reached) of the takeovers."""
    rows = []
    for fault in outcome["faults"]:
        if fault["takeover"] is None:
            continue
        late = fault["takeover"] - fault["takeover_expected"]
        rows.append((f"takeover, {fault['fault']}", seconds(fault["takeover"]),
                     f"{seconds(fault['takeover_expected'])} ± 50 ms", abs(late) <= 0.05))
        rows.append((f"two owners at once, {fault['fault']}", "yes" if fault["both_answered"] else "never", "never",
                     not fault["both_answered"]))
        if fault["vip_silent"] is not None:
            rows.append((f"VIP unanswered, {fault['fault']}", seconds(fault["vip_silent"]), "", True))
    return rows
