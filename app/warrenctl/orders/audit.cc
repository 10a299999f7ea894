// SPDX-License-Identifier: BSD-3-Clause
#include "orders/audit.h"

#include <ostream>
#include <stdexcept>

#include "rabbitmq/audit.h"

namespace warren::ctl {
namespace {

rabbitmq::Answers ask(const Management& management, std::ostream& errors) {
    rabbitmq::Answers answers;
    for (std::size_t i = 0; i < rabbitmq::subject_count; ++i)
        try {
            const char* path = rabbitmq::path_of(static_cast<rabbitmq::Subject>(i));
            answers[i] = management.get(path);
        } catch (const std::runtime_error& error) {
            errors << "warrenctl: " << error.what() << '\n';
        }
    return answers;
}

std::vector<Json> rows_of(const rabbitmq::AuditReport& report) {
    std::vector<Json> rows;
    for (const rabbitmq::AuditFinding& finding : report.findings)
        rows.push_back(
            {{"rule", to_string(finding.rule)}, {"what", finding.what}, {"why", finding.why}});
    return rows;
}

void print(const rabbitmq::AuditReport& report, std::ostream& out) {
    for (const rabbitmq::AuditFinding& finding : report.findings)
        out << to_string(finding.rule) << ": " << finding.what << ": " << finding.why << '\n';
    if (report.findings.empty() && report.unknown.empty())
        out << "nothing would be lost if a node died now\n";
}

}  // namespace

int audit(const AuditOptions& options, const Output& output, std::ostream& errors) {
    const rabbitmq::AuditReport report =
        rabbitmq::audit(ask(Management(options.login), errors), options.vips);
    if (output.is_text())
        print(report, output.out);
    else
        write_rows(output, rows_of(report));
    if (!report.unknown.empty()) return 2;
    return report.findings.empty() ? 0 : 1;
}

}  // namespace warren::ctl
