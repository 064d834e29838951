#include "provision/provision.hpp"
#include "recipe/inputs.hpp"
#include "recipe/library.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::provision {
namespace {

TEST(AccountEntry, is_a_finished_configuration) {
    const recipe::RecipeHandle recipe = recipe::Library::with_built_ins().find("rossum");
    recipe::Values inputs;
    inputs.set("username", recipe::Value::text("svc: \"x\""));
    inputs.set("password", recipe::secret_input(Secret("hunter2")));
    inputs.set("exchange", recipe::Value(recipe::Scalar(false)));
    inputs.set("token_lifetime",
               recipe::Value(recipe::Scalar(Milliseconds(std::chrono::hours(24)))));
    Entry entry;
    entry.account = "rossum-svc";
    entry.base_url = "https://acme.rossum.app";
    entry.ca_file = "/etc/ssl/acme.pem";
    entry.secrets = {{"password", "{ file: /etc/pw }"}};
    entry.comments = {"a hint"};
    EXPECT_EQ(account_entry(*recipe, recipe::with_defaults(recipe->inputs, inputs), entry),
              "# a hint\naccounts:\n  rossum-svc:\n    recipe: rossum\n    base_url: "
              "\"https://acme.rossum.app\"\n    inputs:\n"
              "      username: \"svc: \\\"x\\\"\"\n      password: { file: /etc/pw }\n      "
              "token_lifetime: 1d\n      exchange: false\n"
              "    tls: { ca_file: \"/etc/ssl/acme.pem\" }\n");
}

TEST(AccountEntry, leaves_defaults_out_and_says_when_it_is_http) {
    const recipe::RecipeHandle recipe = recipe::Library::with_built_ins().find("oz");
    recipe::Values inputs;
    inputs.set("email", recipe::Value::text("svc"));
    Entry entry;
    entry.account = "oz";
    entry.base_url = "http://127.0.0.1:8000";
    entry.insecure_http = true;
    entry.secrets = {{"password", "{ credential: oz }"}};
    const std::string text =
        account_entry(*recipe, recipe::with_defaults(recipe->inputs, inputs), entry);
    EXPECT_NE(text.find("    insecure_http: true\n"), std::string::npos);
    EXPECT_EQ(text.find("trailing_slash"), std::string::npos);
    EXPECT_NE(text.find("      email: svc\n"), std::string::npos);
}

}  // namespace
}  // namespace tokenbroker::provision
