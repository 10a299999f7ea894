// SPDX-License-Identifier: BSD-3-Clause
#include "page/page.h"

#include "page/assets.h"
#include "page/html.h"
#include "page/sections.h"

namespace warren::page {

std::string render(const metrics::Facts& facts) {
    const views::ViewContext& view = facts.view;
    const metrics::Pool pool = metrics::pool_rows(view, facts.tally);
    const std::vector<verdict::Reason> reasons = verdict::reasons(view.facts());
    std::string html =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        escaped(view.process.instance) +
        " – Warren</title>\n<link rel=\"icon\" id=\"icon\" href=\"data:,\">\n<style>";
    html.append(style_text).append("</style>\n</head>\n<body>\n<header><div class=\"bar\">");
    html += "<h1>Warren</h1>" + status_line(facts, pool, reasons) +
            "<span id=\"stale\" class=\"badge bad\" role=\"status\" hidden></span>"
            "<label class=\"js\"><span class=\"soft\">Filter</span> "
            "<input id=\"filter\" type=\"search\" placeholder=\"server or address\"></label>"
            "</div></header>\n<main id=\"rest\">\n";
    html += reason_section(reasons) + router_section(view) + "<div data-filter>" +
            service_sections(pool) + "</div>\n";
    html += "<div class=\"two\"><div>" + event_section(facts.events) + "</div><div>" +
            ending_section(pool) + worker_section(view) + "</div></div>\n";
    html +=
        "</main>\n<footer>For reading only. <a href=\"/metrics\">Metrics</a> · "
        "<a href=\"/api/1/status\">JSON</a> · <a href=\"/haproxy;csv\">CSV</a> · orders: "
        "<code>warrenctl</code></footer>\n<script>";
    html.append(script_text).append("</script>\n</body>\n</html>\n");
    return html;
}

std::string content_security_policy() {
    std::string policy =
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; img-src data:; connect-src 'self'; style-src '";
    policy.append(style_text_hash).append("'; script-src '").append(script_text_hash).append("'");
    return policy;
}

}  // namespace warren::page
