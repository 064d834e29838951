#include "config/base_url.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::config {
namespace {

BaseUrl parsed(std::string_view text) {
    const auto url = parse_base_url(text);
    EXPECT_TRUE(url.has_value()) << text;
    return url ? *url : BaseUrl{};
}

TEST(BaseUrl, keeps_scheme_host_port_and_path) {
    const BaseUrl url = parsed("https://api.example.com:8443/v1/x");
    EXPECT_TRUE(url.tls);
    EXPECT_EQ(url.host, "api.example.com");
    EXPECT_EQ(url.port, 8443);
    EXPECT_EQ(url.path, "/v1/x");
    EXPECT_EQ(url.origin(), "https://api.example.com:8443");
    EXPECT_EQ(url.text(), "https://api.example.com:8443/v1/x");
}

TEST(BaseUrl, has_the_ports_of_its_schemes) {
    EXPECT_EQ(parsed("https://a").port, 443);
    EXPECT_EQ(parsed("http://a").port, 80);
    EXPECT_FALSE(parsed("http://a").tls);
}

TEST(BaseUrl, spells_one_origin_in_one_way) {
    for (const auto* text : {"https://x.rossum.app", "HTTPS://X.Rossum.APP:443/",
                             "https://x.rossum.app./", "https://x.rossum.app//"}) {
        EXPECT_EQ(parsed(text).origin(), "https://x.rossum.app") << text;
        EXPECT_EQ(parsed(text).path, "") << text;
    }
    EXPECT_EQ(parsed("https://[2001:DB8:0:0::1]:8443").origin(), "https://[2001:db8::1]:8443");
    EXPECT_TRUE(parsed("https://[::1]").ipv6);
    EXPECT_EQ(parsed("http://a:80").origin(), "http://a");
    EXPECT_EQ(parsed("http://a:443").origin(), "http://a:443");
}

TEST(BaseUrl, does_not_take_a_name_for_an_address) {
    EXPECT_EQ(parsed("https://127.0.0.1.nip.io/token").host, "127.0.0.1.nip.io");
    EXPECT_EQ(parsed("https://127.0.0.1.nip.io/token").path, "/token");
    EXPECT_EQ(parsed("https://10.0.0.1.example.com:8443/x").host, "10.0.0.1.example.com");
    EXPECT_EQ(parsed("https://10.0.0.1").host, "10.0.0.1");
}

TEST(BaseUrl, refuses_what_others_could_read_differently) {
    for (const auto* text : {"",
                             "x.rossum.app",
                             "//x",
                             "ftp://x",
                             "https:/x",
                             "https:x",
                             "https://",
                             "https:///x",
                             "https://:443",
                             "https://user@x",
                             "https://user:secret@x",
                             "https://@x",
                             "https://x?a=b",
                             "https://x/?a",
                             "https://x#f",
                             "https://x:0",
                             "https://x:65536",
                             "https://x:99999",
                             "https://x:",
                             "https://x:+1",
                             "https://x:1a",
                             "https://x:000443",
                             "https://x y",
                             " https://x",
                             "https://x ",
                             "https://x\n",
                             "https://x/a b",
                             "https://x/../y",
                             "https://x/./y",
                             "https://x/a//b",
                             "https://x//a",
                             "https://x/%",
                             "https://x/%4",
                             "https://x/%zz",
                             "https://x\\y",
                             "https://[::1",
                             "https://[]",
                             "https://[1.2.3.4]",
                             "https://[fe80::1%25eth0]",
                             "https://[::1]x",
                             "https://1.2.3",
                             "https://256.1.1.1",
                             "https://1.2.3.4.5",
                             "https://0x7f.1",
                             "https://2130706433",
                             "https://0x7f000001",
                             "https://-a.example",
                             "https://a-.example",
                             "https://a..b",
                             "https://.a",
                             "https://.",
                             "https://a/\xC3\xA9",
                             "https://\xC3\xA9.example",
                             "https://a%2eb",
                             "https://a,b",
                             "https://a/<x>",
                             "https://a/\"",
                             "https://a/{x}"}) {
        EXPECT_FALSE(parse_base_url(text).has_value()) << text;
    }
    EXPECT_FALSE(parse_base_url("https://" + std::string(64, 'a')).has_value());
    EXPECT_FALSE(parse_base_url("https://" + std::string(254, 'a')).has_value());
    EXPECT_TRUE(parse_base_url("https://" + std::string(63, 'a')).has_value());
}

TEST(BaseUrl, says_what_is_wrong_without_showing_a_password) {
    const auto url = parse_base_url("https://user:hunter2@x");
    ASSERT_FALSE(url.has_value());
    EXPECT_EQ(url.error().message(),
              "a user name or password does not belong into the URL; allowed is "
              "https://HOST[:PORT][/PATH]");
    EXPECT_EQ(parse_base_url("https://x:0").error().message(),
              "the port is not a number from 1 to 65535; allowed is https://HOST[:PORT][/PATH]");
}

TEST(BaseUrl, reads_back_what_it_writes) {
    for (const auto* text :
         {"https://a", "http://a:8080/b/c", "https://[::1]:1/x", "https://1.2.3.4/%2F/~x"}) {
        EXPECT_EQ(parsed(text).text(), text);
        EXPECT_EQ(parsed(parsed(text).text()), parsed(text));
    }
}

TEST(HostName, takes_names_and_ipv4_addresses) {
    for (const auto* text : {"a", "localhost", "x.rossum.app", "xn--bcher-kva.example", "my_host",
                             "1a.example", "9.9.9.9"}) {
        EXPECT_TRUE(is_host_name(text)) << text;
    }
    for (const auto* text : {"", "a b", "a:1", "[::1]", "::1", "a/b", "1.1"})
        EXPECT_FALSE(is_host_name(text)) << text;
}

}  // namespace
}  // namespace tokenbroker::config
