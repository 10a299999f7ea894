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

bool is_same_place(const syntax::Location& a, const syntax::Location& b) {
    return a.line == b.line && a.file && b.file && *a.file == *b.file;
}

// That a block has no such keyword is no second mistake where one of its words was meant to be it.
void drop_consequences(syntax::Diagnostics& diagnostics,
                       const std::vector<SchemaContext::Mistyped>& mistyped) {
    std::erase_if(diagnostics, [&](const syntax::Diagnostic& diagnostic) {
        return std::any_of(mistyped.begin(), mistyped.end(), [&](const auto& word) {
            return is_same_place(diagnostic.where, word.block) &&
                   diagnostic.message.ends_with(" no " + word.meant);
        });
    });
}

}  // namespace

// By file in order of reading, then by line; one place keeps the order in which its messages came.
void sort_as_text(LoadResult& result) {
    syntax::Diagnostics& diagnostics = result.diagnostics;
    const std::vector<std::string>& files = result.files;
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
    drop_consequences(result.diagnostics, context.mistyped);
    result.files = std::move(document.files);
    sort_as_text(result);
    return result;
}

}  // namespace warren::schema
