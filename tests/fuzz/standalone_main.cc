// SPDX-License-Identifier: BSD-3-Clause
// Runs a fuzz target without libFuzzer, so that it is built and run by every compiler: replays the
// corpus, then a fixed number of mutations of it. Seeded, so each run sees the same inputs; an
// input that crashes the target is written to PROGRAM-crash.
//
//   NAME_fuzz MUTATIONS CORPUS_FOLDER_OR_FILE...
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

constexpr std::size_t longest_input_bytes = 4096;

// What the target is working on: a signal handler can reach nothing else.
const Input* volatile current_input = nullptr;
std::string crash_file;

extern "C" void save_input_and_die(int signal_number) {
    const Input* input = current_input;
    const int file = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0 && input != nullptr && write(file, input->data(), input->size()) >= 0) {
        constexpr char message[] = "the input that crashed the target is in PROGRAM-crash\n";
        if (write(STDERR_FILENO, message, sizeof message - 1) < 0) _exit(1);
    }
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
}

// The target gets a copy of the exact size, so that a sanitizer sees a read past the end.
void run(const Input& input) {
    const Input exact(input.begin(), input.end());
    current_input = &exact;
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
    current_input = nullptr;
}

std::vector<Input> read_corpus(const std::vector<std::filesystem::path>& roots) {
    std::vector<std::filesystem::path> files;
    for (const std::filesystem::path& root : roots) {
        if (!std::filesystem::is_directory(root)) {
            files.push_back(root);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
            if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());  // the seed must mean the same on every file system
    std::vector<Input> corpus;
    for (const std::filesystem::path& file : files) {
        std::ifstream stream(file, std::ios::binary);
        if (!stream) throw std::runtime_error("cannot read " + file.string());
        corpus.emplace_back(std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>());
    }
    return corpus;
}

std::size_t below(Random& random, std::size_t limit) {
    return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
}

std::uint8_t interesting_byte(Random& random) {
    constexpr std::uint8_t values[] = {0,    1,    2,    4,    5,    0x0f, 0x20,
                                       0x40, 0x45, 0x7f, 0x80, 0xfe, 0xff};
    if (below(random, 2) == 0) return static_cast<std::uint8_t>(random());
    return values[below(random, std::size(values))];
}

void insert_run(Input& input, Random& random) {
    const std::size_t length = 1 + below(random, 16);
    const auto where = input.begin() + static_cast<std::ptrdiff_t>(below(random, input.size() + 1));
    input.insert(where, length, interesting_byte(random));
}

void erase_run(Input& input, Random& random) {
    if (input.empty()) return;
    const std::size_t first = below(random, input.size());
    const std::size_t length = 1 + below(random, std::min<std::size_t>(16, input.size() - first));
    const auto begin = input.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(length, input.size() - first));
    input.erase(begin, end);
}

// The head of one input and the tail of another.
void splice(Input& input, const Input& other, Random& random) {
    input.resize(below(random, input.size() + 1));
    const auto tail = other.begin() + static_cast<std::ptrdiff_t>(below(random, other.size() + 1));
    input.insert(input.end(), tail, other.end());
}

void mutate_once(Input& input, const std::vector<Input>& corpus, Random& random) {
    switch (below(random, 6)) {
        case 0:
            insert_run(input, random);
            break;
        case 1:
            erase_run(input, random);
            break;
        case 2:
            input.resize(below(random, input.size() + 1));
            break;
        case 3:
            splice(input, corpus[below(random, corpus.size())], random);
            break;
        case 4:
            if (!input.empty()) input[below(random, input.size())] = interesting_byte(random);
            break;
        default:
            if (!input.empty())
                input[below(random, input.size())] ^=
                    static_cast<std::uint8_t>(1U << below(random, 8));
            break;
    }
    if (input.size() > longest_input_bytes) input.resize(longest_input_bytes);
}

void run_mutations(const std::vector<Input>& corpus, std::size_t count) {
    Random random(1);
    for (std::size_t i = 0; i < count; ++i) {
        Input input = corpus[below(random, corpus.size())];
        for (std::size_t changes = 1 + below(random, 6); changes > 0; --changes)
            mutate_once(input, corpus, random);
        run(input);
    }
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 3) throw std::runtime_error("usage: NAME_fuzz MUTATIONS CORPUS...");
    crash_file = std::string(argv[0]) + "-crash";
    for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
        std::signal(number, save_input_and_die);
    const std::vector<Input> corpus = read_corpus({argv + 2, argv + argc});
    if (corpus.empty()) throw std::runtime_error("the corpus is empty");
    const std::size_t mutations = std::stoul(argv[1]);
    run({});
    for (const Input& input : corpus)
        run(input);
    run_mutations(corpus, mutations);
    std::cout << corpus.size() << " inputs and " << mutations << " mutations\n";
    return 0;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
