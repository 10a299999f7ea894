// SPDX-License-Identifier: BSD-3-Clause
// Syntax: text to tree, as keepalived.conf(5) describes it.
#include "syntax/document.h"

#include <gtest/gtest.h>

#include "../schema/load_text.h"

namespace warren::syntax {
namespace {

using namespace config;
using namespace schema;

std::string tree(const std::string& text, const LoadOptions& options = {}) {
    const Files files{{"f", text}};
    const Document document = read_document("f", reader_of(files), options);
    return to_text(document.nodes) + messages(document.diagnostics) + messages(document.braces);
}

struct Case {
    const char* what;
    const char* text;
    const char* expected;
};

class DocumentTree : public testing::TestWithParam<Case> {};

TEST_P(DocumentTree, Reads) {
    EXPECT_EQ(tree(GetParam().text), GetParam().expected) << GetParam().what;
}

const Case syntax[] = {
    {"words and a block", "a {\n  b 1  2\n}\n", "a {\n    b 1 2\n}\n"},
    {"brace glued to the word", "a{\nb\n}", "a {\n    b\n}\n"},
    {"block in one line", "a { b 1 }", "a {\n    b 1\n}\n"},
    {"brace on the next line", "a x\n{\nb\n}", "a x {\n    b\n}\n"},
    {"close and open in one line", "a {b}c{d}", "a {\n    b\n}\nc {\n    d\n}\n"},
    {"empty block", "a { }", "a {\n}\n"},
    {"comment without a blank", "state MASTER#master\ninterface eth0!x",
     "state MASTER\ninterface eth0\n"},
    {"comment lines", "# x\n ! y {\na", "a\n"},
    {"quotes keep blanks, braces, comments", "a \"b {#} !\" 'c d'", "a \"b {#} !\" \"c d\"\n"},
    {"quotes inside a word", "a b\" c\"d", "a \"b cd\"\n"},
    {"escapes in quotes", "a \"x\\\"y\\\\\"", "a \"x\\\"y\\\\\"\n"},
    {"octal, hexadecimal and control escapes",
     "a \"x\\x20y\" 'o\\101p' \"\\x41zb\\061\" \"\\x4a4b\" \"\\cI\" \"\\xg\\1018\"",
     "a \"x y\" oAp Azb1 K \"\t\" xgA8\n"},
    {"empty word", "a \"\"", "a \"\"\n"},
    {"carriage returns", "a 1\r\nb\r\n", "a 1\nb\n"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a 1",
     "a 1\n"},
    {"continued line", "a 1 \\\n  2\nb", "a 1 2\nb\n"},
    {"passwords are masked", "auth_pass 1111", "auth_pass ********\n"},
    {"those of checks too", "password secret", "password ********\n"},
    {"those that options name", "script \"/c -v --password abc --pass-file f -H h\"",
     "script \"/c -v --password ******** --pass-file f -H h\"\n"},
    {"each by a word of its own", "misc_path /c --rabbit-token abc next",
     "misc_path /c --rabbit-token ******** next\n"},
    {"a character that parts words within", "script \"a\x01 b\"", "script \"a? b\"\n"},
    {"those that are assigned", "script \"PGPASSWORD=x /c --secret=abc passing=1\"",
     "script \"PGPASSWORD=******** /c --secret=******** passing=1\"\n"},
    {"those of environment and query", "script \"MQ_PASSWORD=x /c http://h/?a=1&token=z&b=2\"",
     "script \"MQ_PASSWORD=******** /c http://h/?a=1&token=********&b=2\"\n"},
    {"those of logins", "script \"curl -u guest:abc --user g http://n:p@h/x\"",
     "script \"curl -u guest:******** --user g http://n:********@h/x\"\n"},
    {"definition", "$X=12\na $X ${X}0 \"${X}\"", "a 12 120 12\n"},
    {"substitution happens at use", "$A=1${B}\n$B=0\na ${A}\n$B=9\na ${A}", "a 10\na 19\n"},
    {"definition of several lines", "$I=\\\nv $N {\\\n  p ${N}1 \\\n}\n$N=7\n$I\n$N=8\n$I",
     "v 7 {\n    p 71\n}\nv 8 {\n    p 81\n}\n"},
    {"empty definition", "$X=\na $X b", "a b\n"},
    {"hash by name", "a \"x${_HASH}y\" ${_BANG}",
     "a \"x#y\"\nf:1: warning: what a definition brought "
     "begins a comment here: '!', as in keepalived; put it into quotes\n"},
    {"lines that a definition turns into comments", "$OFF=${_HASH}\n$OFF a {\n${OFF}b\nc", "c\n"},
    {"a line of comment in a definition of several lines",
     "$I=\\\nv {\\\n  a 1 \\\n  # b 2 \\\n  # c 3 \\\n  \\\n  d 4 \\\n}\n\n$I",
     "v {\n    a 1\n    d 4\n}\n"},
    {"a comment without a backslash ends it", "$I=\\\na 1 \\\n# b\nc 2\n$I", "c 2\na 1\n"},
    {"a comment behind a word, with one", "$I=\\\na 1 # x \\\nb 2\nc 3\n$I", "c 3\na 1\nb 2\n"},
    {"and with a blank after it", "$I=\\\na 1 # x \\ \nb 2\n$I", "b 2\na 1\n"},
    {"a line of comment with a blank after it", "$I=\\\na 1 \\\n# b \\ \nc 2\nd\n$I",
     "d\na 1\nc 2\n"},
    {"a comment outside of a definition never does", "a 1 # x \\\nb 2", "a 1\nb 2\n"},
    {"and so does a line of blanks", "$I=\\\na 1 \\\n  \nc 2\n$I", "c 2\na 1\n"},
    {"comment sign of a definition of several lines", "$X=\\\na ${_HASH}b\\\nc\n$X",
     "a\nc\nf:4: warning: what a definition brought begins a comment here: '#b', as in keepalived; "
     "put it into quotes\n"},
    {"a backslash before a comment sign", "a x\\#y\nb \\! z\nc \"\\#\"", "a x\nb\nc \"#\"\n"},
    {"unknown name stays", "a $Y",
     "a \"$\"\"Y\"\nf:1: warning: $Y is not defined and stays as it is\n"},
    {"spaced definition", "$X = 1",
     "f:1: error: a definition is written $NAME=VALUE, without a blank before the '='\n"},
    {"open quote", "a \"b\nc", "a b\nc\nf:1: error: the quote opened in this line is not closed\n"},
    {"quotes that a shell script escaped", "a \\\"b c\\\" d # e\na \\'b\\'", "a \"b c\" d\na b\n"},
    {"extra brace", "a\n}\nb", "a\nb\nf:2: error: a '}' without a block that it could close\n"},
    {"brace without a keyword", "{\na\n}\nb", "b\nf:1: error: a '{' without a keyword before it\n"},
    {"missing brace, at the end", "a {\nb x {\nc\n}\n",
     "a {\n    b x {\n        c\n    }\n}\n"
     "f:1: error: the block 'a' opened here is never closed: a '}' is missing before the end of "
     "the file (f:4)\n"},
    {"missing braces, innermost first", "a x {\nb {\n",
     "a x {\n    b {\n    }\n}\n"
     "f:2: error: the block 'b' opened here is never closed: a '}' is missing before the end of "
     "the file (f:2)\n"
     "f:1: error: the block 'a x' opened here is never closed: a '}' is missing before the end of "
     "the file (f:2)\n"},
    {"a sequence", "~SEQ(I, 0, 3) a 10.0.${I}.1",
     "a 10.0.0.1\na 10.0.1.1\na 10.0.2.1\na 10.0.3.1\n"},
    {"from 1, backwards, in hexadecimal",
     "~SEQ(I,2) a $I\n~SEQ(J,-2) b $J\n~SEQx(K,0x90,0x10,0xb0) c $K\n",
     "a 1\na 2\nb -1\nb -2\nc 90\nc a0\nc b0\n"},
    {"sequences within each other, of a block",
     "$V=\\\nv ${I}.${J} { \\\n  p ${I}${J} \\\n}\n~SEQ(I,1,2) ~SEQ(J,5,-1,4) $V",
     "v 1.5 {\n    p 15\n}\nv 1.4 {\n    p 14\n}\nv 2.5 {\n    p 25\n}\nv 2.4 {\n    p 24\n}\n"},
    {"a sequence that a definition brings",
     "$B= \\\n  ~SEQ(I,1,2) a ${J}.${I}\n~SEQ(J,5,6) $B\n$C= ~SEQ(K,1,2) b ${K}\n$D=$C\n$D",
     "a 5.1\na 5.2\na 6.1\na 6.2\nb 1\nb 2\n"},
    {"twenty sequences on a line",
     "~SEQ(A,1,2) ~SEQ(B,1,1) ~SEQ(C,1,1) ~SEQ(D,1,1) ~SEQ(E,1,1) ~SEQ(F,1,1) ~SEQ(G,1,1) "
     "~SEQ(H,1,1) ~SEQ(I,1,1) ~SEQ(J,1,1) ~SEQ(K,1,1) ~SEQ(L,1,1) ~SEQ(M,1,1) ~SEQ(N,1,1) "
     "~SEQ(O,1,1) ~SEQ(P,1,1) ~SEQ(Q,1,1) ~SEQ(R,1,1) ~SEQ(S,1,1) ~SEQ(T,1,1) a ${A}${T}",
     "a 11\na 21\n"},
    {"a sequence between two names", "$A=2\n$B=3\n~SEQ(I,$A,$B) a ${I}\n~SEQ(J,$B) b $J",
     "a 2\na 3\nb 1\nb 2\nb 3\n"},
    {"lists", "~LST(I, 7, 9) a $I\n~LST({X, Y}, {1,2}, {3,4}) b $X $Y", "a 7\na 9\nb 1 2\nb 3 4\n"},
    {"no sequence", "~SEQ(I,1,0,3) a",
     "f:1: error: '~SEQ(I,1,0,3)' is no sequence: ~SEQ(NAME, START, STEP, END) or ~LST(NAME, A, "
     "B), of at most 200000 values\n"},
    {"nothing", "", ""},
};

INSTANTIATE_TEST_SUITE_P(Syntax, DocumentTree, testing::ValuesIn(syntax));

TEST(Document, ConditionalLinesFollowTheConfigId) {
    const std::string text = "@main a\n@^main b\n@main $P=1\n@other $P=2\nc $P\n$IF=@main\n$IF d";
    LoadOptions options;
    options.config_id = "main";
    EXPECT_EQ(tree(text, options), "a\nc 1\nd\n");
    options.config_id = "other";
    EXPECT_EQ(tree(text, options), "b\nc 2\n");
}

TEST(Document, IncludesStandWhereTheyAreWritten) {
    const Files files{{"d/f", "a {\ninclude sub/x.conf\n}\nb"},
                      {"d/sub/x.conf", "x 1\ninclude y.conf\n"},
                      {"d/sub/y.conf", "y 1"}};
    const Document document = read_document("d/f", reader_of(files));
    EXPECT_EQ(to_text(document.nodes), "a {\n    x 1\n    y 1\n}\nb\n");
    EXPECT_EQ(messages(document.diagnostics), "");
    EXPECT_EQ(document.nodes[0].children[1].where.to_string(), "d/sub/y.conf:1");
    EXPECT_EQ(document.nodes[1].where.to_string(), "d/f:4");
    EXPECT_EQ(document.files, (std::vector<std::string>{"d/f", "d/sub/x.conf", "d/sub/y.conf"}));
}

TEST(Document, IncludeExpandsPatterns) {
    const Files files{{"f", "include d/*.conf"}, {"d/1.conf", "a"}, {"d/2.conf", "b"}};
    LoadOptions options;
    options.expand = [](const std::string& pattern) {
        EXPECT_EQ(pattern, "d/*.conf");
        return std::vector<std::string>{"d/1.conf", "d/2.conf"};
    };
    EXPECT_EQ(to_text(read_document("f", reader_of(files), options).nodes), "a\nb\n");
}

TEST(Document, IncludeMayNameSeveralInBraces) {
    const Files files{
        {"f", "a {\ninclude d/{1,2}.conf # both\n}"}, {"d/1.conf", "b"}, {"d/2.conf", "c"}};
    LoadOptions options;
    options.expand = [](const std::string& pattern) {
        EXPECT_EQ(pattern, "d/{1,2}.conf");
        return std::vector<std::string>{"d/1.conf", "d/2.conf"};
    };
    const Document document = read_document("f", reader_of(files), options);
    EXPECT_EQ(to_text(document.nodes), "a {\n    b\n    c\n}\n");
    EXPECT_EQ(messages(document.diagnostics), "");
}

TEST(Document, IncludeThatFindsNothing) {
    EXPECT_EQ(tree("a\ninclude no\nb"),
              "a\nb\nf:2: warning: cannot read 'no', which is included here\n");
    EXPECT_EQ(tree("includer no"), "f:1: error: cannot read 'no'\n");
}

TEST(Document, SaysWhyAFileCannotBeRead) {
    const FileReader read = [](const std::string& path) {
        return path == "f" ? FileText(std::string("a\ninclude no\nincluder d/x.conf"))
                           : FileText::unreadable("Permission denied");
    };
    LoadOptions options;
    options.expand = [](const std::string&) { return std::vector<std::string>(); };
    EXPECT_EQ(messages(read_document("f", read, options).diagnostics),
              "f:2: warning: cannot read 'no', which is included here: Permission denied\n"
              "f:3: error: cannot read 'd/x.conf': Permission denied\n");
}

TEST(Document, PatternThatMatchesNothing) {
    LoadOptions options;
    options.expand = [](const std::string&) { return std::vector<std::string>(); };
    const Files files{{"f", "include d/*.conf"}};
    EXPECT_EQ(messages(read_document("f", reader_of(files), options).diagnostics),
              "f:1: warning: cannot read 'd/*.conf', which is included here: no file matches it\n");
}

TEST(Document, IncludeCycleIsReportedOnce) {
    const Files files{{"f", "a\ninclude g"}, {"g", "b\ninclude f\nc"}};
    const Document document = read_document("f", reader_of(files));
    EXPECT_EQ(to_text(document.nodes), "a\nb\nc\n");
    EXPECT_EQ(messages(document.diagnostics), "g:2: error: includes itself: 'f'\n");
}

TEST(Document, UnreadableFile) {
    const Document document = read_document("nowhere", reader_of({}));
    EXPECT_TRUE(document.truncated);
    EXPECT_EQ(messages(document.diagnostics), "nowhere: error: cannot read 'nowhere'\n");
}

// ---- limits: each is reached, says so once, and ends the reading

struct Limit {
    const char* what;
    const char* text;
    DocumentLimits limits;
    const char* message;
};

class DocumentLimit : public testing::TestWithParam<Limit> {};

TEST_P(DocumentLimit, StopsReading) {
    const Files files{{"f", GetParam().text}, {"g", "include h"}, {"h", "x"}};
    const Document document = read_document("f", reader_of(files), {}, GetParam().limits);
    EXPECT_TRUE(document.truncated) << GetParam().what;
    EXPECT_EQ(messages(document.diagnostics), GetParam().message);
}

const Limit limits[] = {
    {"file size",
     "aaaaaaaaaa",
     {.file_bytes = 9},
     "f: error: 'f' is too large for a configuration\n"},
    {"sum of sizes",
     "include g\n",
     {.total_bytes = 12},
     "f:1: error: 'g' is too large for a configuration\n"},
    {"files", "include g", {.files = 2}, "g:1: error: more than 2 files are included\n"},
    {"include depth",
     "include g",
     {.include_depth = 1},
     "g:1: error: includes are nested deeper than 1\n"},
    {"block depth",
     "a{\nb{\nc{}}}",
     {.block_depth = 2},
     "f:3: error: blocks are nested deeper than 2\n"},
    {"statements", "a\nb\nc", {.nodes = 2}, "f:3: error: more than 2 statements\n"},
    {"definitions",
     "$A=1\n$A=2\n$B=1",
     {.definitions = 5},
     "f:3: error: more than 5 definitions\n"},
    {"substituted text",
     "$A=xxxxxxxx\na ${A}${A}",
     {.substituted_bytes = 20},
     "f:2: error: the definitions used here refer to themselves or grow too long\n"},
    {"definition of itself",
     "$A=${A}x\na ${A}",
     {},
     "f:2: error: the definitions used here refer to themselves or grow too long\n"},
    {"lines of itself",
     "$A=\\\n x \\\n$A\n$A",
     {},
     "f:4: error: the definitions used here refer to themselves or grow too long\n"},
};

INSTANTIATE_TEST_SUITE_P(Limits, DocumentLimit, testing::ValuesIn(limits));

TEST(Document, MessagesQuoteNoControlCharacters) {
    EXPECT_EQ(in_quotes("a\x1b[2Jb"), "'a?[2Jb'");
    EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(64, 'x') + "...'");
}

}  // namespace
}  // namespace warren::syntax
