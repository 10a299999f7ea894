// SPDX-License-Identifier: BSD-3-Clause
#include "schema/load.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/flow_sync_check.h"
#include "config/odd_addresses.h"
#include "config/settle_tracking.h"
#include "config/support.h"
#include "config/sync_groups.h"
#include "config/validate.h"
#include "schema/schema.h"
#include "syntax/document.h"

namespace warren::schema {
namespace {

void append(syntax::Diagnostics& to, syntax::Diagnostics from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// By file in order of reading, then by line; one place keeps the order in which its messages came.
void sort_as_text(syntax::Diagnostics& diagnostics, const std::vector<std::string>& files) {
    const auto rank = [&](const syntax::Diagnostic& d) {
        const auto at =
            d.where.file ? std::find(files.begin(), files.end(), *d.where.file) : files.begin();
        return std::pair(at - files.begin(), d.where.line);
    };
    std::stable_sort(diagnostics.begin(), diagnostics.end(),
                     [&](const syntax::Diagnostic& a, const syntax::Diagnostic& b) {
                         return rank(a) < rank(b);
                     });
    // A statement that stands for several virtual_servers is told about once.
    diagnostics.erase(std::unique(diagnostics.begin(), diagnostics.end(),
                                  [&](const syntax::Diagnostic& a, const syntax::Diagnostic& b) {
                                      return rank(a) == rank(b) && a.message == b.message;
                                  }),
                      diagnostics.end());
}

}  // namespace

LoadResult load(std::string_view file_name, const syntax::FileReader& read,
                const syntax::LoadOptions& options) {
    LoadResult result;
    syntax::Document document = syntax::read_document(file_name, read, options);
    result.lines = syntax::to_lines(document.nodes);
    SchemaContext context;
    context.names = RouteNames(read);
    context.unbalanced = !document.braces.empty();
    // Text that ended early, at a limit or an unreadable file, would only give follow-up errors.
    if (!document.truncated) read_schema(document.nodes, context, result.config);
    append(result.diagnostics, std::move(document.diagnostics));
    append(result.diagnostics, std::move(context.diagnostics));
    result.ignored = std::move(context.ignored);
    if (!context.misplaced) append(result.diagnostics, std::move(document.braces));
    if (!document.truncated && !context.misplaced) {
        append(result.diagnostics, config::validate(result.config));
        append(result.diagnostics, config::check_sync_groups(result.config));
        append(result.diagnostics, config::settle_tracking(result.config));
        append(result.diagnostics, config::find_odd_addresses(result.config));
        append(result.diagnostics, config::check_flow_sync(result.config));
        append(result.diagnostics, config::find_odd_http(result.config));
        append(result.diagnostics, config::check_supported(result.config));
        if (result.ok()) append(result.diagnostics, config::find_gaps(result.config));
    }
    sort_as_text(result.diagnostics, document.files);
    return result;
}

}  // namespace warren::schema
