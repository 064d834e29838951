#include "base/encode.hpp"
#include "runner_fixture.hpp"

#include <vector>

// Planted secrets: whatever an upstream does, none of them is in a message or a log line.
namespace tokenbroker::upstream {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view planted_recipe = R"(
recipe: planted
title: Secrets everywhere
inputs:
  username: { required: true, identity: true }
  password: { required: true, secret: true }
  pin:      { required: true, secret: true }
acquire:
  - step: login
    login: true
    request:
      method: POST
      path: /login
      query: { pin: "${pin}" }
      basic: { user: "${username}", password: "${password}" }
      json: { password: "${password}" }
    take: { ticket: /ticket }
  - step: issue
    request: { method: POST, path: /issue, headers: { Authorization: "Bearer ${ticket}" }, form: { pin: "${pin}" } }
    take: { token: /token }
token: { value: "${token}", header: { name: X-Token, value: "${token}" }, expires: never }
probe:
  request: { method: GET, path: /me, headers: { X-Token: "${token}" } }
)";

class PlantedSecretsTest : public RunnerTest {
protected:
    PlantedSecretsTest() {
        use(planted_recipe);
        inputs_.set("password", recipe::secret_input(Secret(password)));
        inputs_.set("pin", recipe::secret_input(Secret(pin)));
    }

    static constexpr std::string_view password = "correct \"horse\" b\\ttery/st\xc3\xa4ple";
    static constexpr std::string_view pin = "73&5+19=x";
    static constexpr std::string_view ticket = "ticket-5b1c9e/47+a=";
    static constexpr std::string_view token = "token-77e0af31";

    // As it is, and as JSON, URLs and forms write it.
    static std::vector<std::string> forms(std::string_view secret) {
        const std::string quoted = json_quote(secret);
        return {std::string(secret), quoted.substr(1, quoted.size() - 2), percent_encode(secret),
                form_encode(secret)};
    }
    static std::string basic() {
        return base64_encode(form_encode("robot") + ":" + form_encode(password));
    }
    static std::vector<std::string> forms(std::initializer_list<std::string_view> secrets) {
        std::vector<std::string> all;
        for (const std::string_view secret : secrets) {
            for (std::string& form : forms(secret))
                all.push_back(std::move(form));
        }
        return all;
    }
    // Bodies that say `form` back, in each place where an upstream puts its words.
    static std::vector<std::string> echoes(const std::string& form) {
        std::vector<std::string> all = {
            form, "{\"password\":[" + json_quote(form + " is too short") + "]}"};
        for (const std::string member :
             {"detail", "error_message", "message", "error_description", "error"})
            all.push_back("{\"" + member + "\":" + json_quote("you sent " + form + "!") + "}");
        return all;
    }
    void expect_clean(const StepOutcome& outcome, const std::string& form) {
        EXPECT_NE(outcome.verdict, core::Verdict::ok);
        EXPECT_LE(outcome.message.size(), 200U);
        EXPECT_EQ(outcome.message.find(form), std::string::npos) << outcome.message;
        const std::string log = log_.text();
        for (const std::string& secret : forms({password, pin, ticket, token}))
            EXPECT_EQ(log.find(secret), std::string::npos) << secret;
        EXPECT_EQ(log.find(basic()), std::string::npos);
        log_.lines.clear();
    }
    Exchange good_login() const {
        return transport_.answer(200, "{\"ticket\":" + json_quote(ticket) + "}");
    }
    Exchange good_issue() const {
        return transport_.answer(200, "{\"token\":" + json_quote(token) + "}");
    }
};

TEST_F(PlantedSecretsTest, are_sent_but_not_told_when_all_goes_well) {
    transport_.next(good_login());
    transport_.next(good_issue());
    const upstream::Run done = run(start());
    ASSERT_TRUE(done.token);
    EXPECT_EQ(done.token->value.reveal(), token);
    EXPECT_THAT(transport_.asked[0].headers,
                HasSubstr(base64_encode("robot:" + form_encode(password))));
    EXPECT_THAT(transport_.asked[0].target, HasSubstr(percent_encode(pin)));
    EXPECT_THAT(transport_.asked[1].headers, HasSubstr(ticket));
    const std::string log = log_.text();
    for (const std::string& secret : forms({password, pin, ticket, token, basic()}))
        EXPECT_EQ(log.find(secret), std::string::npos) << secret;
}

TEST_F(PlantedSecretsTest, are_masked_wherever_an_upstream_repeats_them) {
    for (const std::string& form : forms({password, pin, basic()})) {
        for (const std::string& echo : echoes(form)) {
            for (const int status : {200, 301, 400, 401, 422, 429, 503}) {
                transport_.next(status, echo);
                expect_clean(run(start()).last, form);
            }
        }
    }
    for (const std::string& form : forms({password, pin, ticket})) {
        for (const std::string& echo : echoes(form)) {
            transport_.next(good_login());
            transport_.next(400, echo);
            expect_clean(run(start()).last, form);
        }
    }
    for (const std::string& form : forms({password, pin, token})) {
        for (const std::string& echo : echoes(form)) {
            transport_.next(401, echo);
            expect_clean(probe(token), form);
        }
    }
}

TEST_F(PlantedSecretsTest, are_masked_in_what_a_fault_says) {
    for (const std::string& form : forms({password, pin, ticket})) {
        Answer redirect = transport_.answer(302, "");
        redirect.location = "https://other.example/" + form + "?x=" + form + "#" + form;
        redirect.reason = form;
        transport_.next(good_login());
        transport_.next(redirect);
        expect_clean(run(start()).last, form);

        transport_.next(good_login());
        transport_.next(fault(Phase::receive, Errc::bad_answer, "it said " + form, true));
        expect_clean(run(start()).last, form);
    }
}

// What is shown is cut short: a secret that lies across the cut is masked like any other.
TEST_F(PlantedSecretsTest, are_masked_before_an_upstream_s_words_are_cut) {
    std::string longest;
    while (longest.size() < 1000)
        longest += "k" + std::to_string(longest.size());
    for (const std::string& secret : {longest, std::string(password)}) {
        inputs_.set("password", recipe::secret_input(Secret(secret)));
        for (const std::size_t before : {0U, 150U, 195U, 396U}) {
            const std::string filler(before, '.');
            const std::string start_of_it = secret.substr(0, 4);
            transport_.next(401, R"({"detail": )" + json_quote(filler + secret) + "}");
            expect_clean(run(start()).last, start_of_it);
            transport_.next(502, "<p>" + filler + secret + "</p>");
            expect_clean(run(start()).last, start_of_it);
            Answer redirect = transport_.answer(302, "");
            redirect.location = "/" + filler + percent_encode(secret);
            transport_.next(redirect);
            expect_clean(run(start()).last, start_of_it);
        }
    }
}

TEST_F(PlantedSecretsTest, are_masked_before_the_query_of_a_redirect_is_cut_off) {
    inputs_.set("password", recipe::secret_input(Secret("kettle?oboe")));
    Answer redirect = transport_.answer(302, "");
    redirect.location = "https://other.example/kettle?oboe";
    transport_.next(redirect);
    expect_clean(run(start()).last, "kettle");
}

TEST_F(PlantedSecretsTest, are_told_neither_in_the_long_message) {
    transport_.next(401, R"({"detail": )" + json_quote("you sent " + basic()) + "}");
    const StepOutcome outcome = run(start()).last;
    EXPECT_EQ(outcome.whole_message, "HTTP 401: you sent ***");
}

TEST_F(PlantedSecretsTest, are_not_told_when_they_do_not_fit) {
    inputs_.set("pin", recipe::secret_input(Secret("73\r\n51")));
    use(R"(
recipe: misfit
title: A secret that does not fit
inputs: { pin: { required: true, secret: true } }
acquire:
  - step: login
    login: true
    request: { method: POST, path: /login, headers: { X-Pin: "${pin}" } }
    take: { token: /token }
token: { value: "${token}", header: { name: X-Token, value: "${token}" }, expires: never }
)");
    const upstream::Run failed = run(start());
    EXPECT_EQ(failed.last.verdict, core::Verdict::misconfigured);
    EXPECT_THAT(failed.last.message + log_.text(), Not(HasSubstr("73")));
}

}  // namespace
}  // namespace tokenbroker::upstream
