// Prints an account's token: get_token ACCOUNT
#include <cstdio>
#include <tokenbroker/client.hpp>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: get_token ACCOUNT\n");
        return 2;
    }
    const tokenbroker::client::Client client;
    const auto token = client.get(argv[1]);
    if (!token) {
        std::fprintf(stderr, "get_token: %s\n", token.error().message.c_str());
        return static_cast<int>(token.error().kind);
    }
    // A request to the upstream carries token->header_name and token->header_value. If it answers
    // 401, call client.rejected(argv[1], token->generation), and try again once with the token that
    // this returns.
    std::printf("%s\n", token->access_token.c_str());
}
