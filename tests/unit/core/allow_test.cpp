#include "core/allow.hpp"

#include <gtest/gtest.h>

namespace tokenbroker::core {
namespace {

Peer peer(uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) {
    Peer who;
    who.uid = uid;
    who.gid = gid;
    who.groups = std::move(groups);
    who.pid = 4711;
    who.unit_state = Peer::Unit::none;
    return who;
}

Peer in_unit(const std::string& unit) {
    Peer who = peer(1000, 1000);
    who.unit_state = Peer::Unit::known;
    who.unit = unit;
    return who;
}

AllowLine user(const std::string& name, std::optional<uid_t> id) {
    AllowLine line;
    line.user = NamedId{name, id};
    return line;
}

AllowLine unit(const std::string& name) {
    AllowLine line;
    line.unit = name;
    return line;
}

TEST(Allow, without_a_line_only_admins_get_in) {
    const AllowList admins({user("root", 0)});
    EXPECT_FALSE(decide(AllowList(), admins, peer(1000, 1000)).allowed);
    const Decision root = decide(AllowList(), admins, peer(0, 0));
    EXPECT_TRUE(root.allowed);
    EXPECT_TRUE(root.admin);
    EXPECT_EQ(root.line, "admin { user: root }");
    EXPECT_FALSE(decide(AllowList(), AllowList(), peer(0, 0)).allowed);
}

TEST(Allow, each_kind_of_member_matches_what_it_names_and_nothing_else) {
    AllowLine uid;
    uid.uid = 1001;
    AllowLine group;
    group.group = NamedId{"staff", 50};
    AllowLine gid;
    gid.gid = 60;
    const AllowList lines({user("invoices", 1000), uid, group, gid});
    EXPECT_EQ(lines.matching(peer(1000, 1))->text(), "{ user: invoices }");
    EXPECT_EQ(lines.matching(peer(1001, 1))->text(), "{ uid: 1001 }");
    EXPECT_EQ(lines.matching(peer(1, 50))->text(), "{ group: staff }");
    EXPECT_EQ(lines.matching(peer(1, 2, {3, 60}))->text(), "{ gid: 60 }");
    EXPECT_EQ(lines.matching(peer(50, 1000)), nullptr);
}

TEST(Allow, all_members_of_a_line_must_hold) {
    AllowLine both = user("invoices", 1000);
    both.unit = "run.service";
    const AllowList lines({both});
    EXPECT_EQ(lines.lines().front().text(), "{ user: invoices, unit: run.service }");
    EXPECT_NE(lines.matching(in_unit("run.service")), nullptr);
    EXPECT_EQ(lines.matching(in_unit("other.service")), nullptr);
    Peer other = in_unit("run.service");
    other.uid = 1001;
    EXPECT_EQ(lines.matching(other), nullptr);
}

TEST(Allow, a_unit_that_could_not_be_told_matches_nothing) {
    Peer who = in_unit("run.service");
    const AllowList lines({unit("run.service")});
    EXPECT_TRUE(lines.names_units());
    for (const auto state : {Peer::Unit::not_looked_up, Peer::Unit::none, Peer::Unit::failed}) {
        who.unit_state = state;
        EXPECT_FALSE(decide(lines, AllowList(), who).allowed);
    }
}

TEST(Allow, a_name_without_an_id_matches_nobody_until_it_is_resolved) {
    const AllowList lines({user("invoices", std::nullopt)});
    EXPECT_TRUE(lines.unresolved());
    const Decision decision = decide(lines, AllowList(), peer(0, 0));
    EXPECT_FALSE(decision.allowed);
    EXPECT_EQ(decision.line,
              "{ user: invoices } does not hold: the name service has not answered for invoices");
}

TEST(Allow, any_lets_in_whoever_may_open_the_socket) {
    AllowLine any;
    any.any = true;
    EXPECT_EQ(decide(AllowList({any}), AllowList(), peer(65534, 65534)).line, "any");
}

TEST(Allow, a_line_that_names_nobody_lets_nobody_in) {
    EXPECT_FALSE(allowed(AllowList({AllowLine()}), AllowList(), peer(0, 0)));
}

TEST(Allow, every_line_is_explained_and_a_bare_uid_leaves_units_unknown) {
    Peer bare = peer(1000, 1000);
    bare.unit_state = Peer::Unit::not_looked_up;
    const auto lines = explain(AllowList({user("invoices", 1001), unit("run.service")}),
                               AllowList({user("ops", 1000)}), bare);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].match, Match::no);
    EXPECT_EQ(lines[0].reason, "uid 1000 is not invoices");
    EXPECT_EQ(lines[1].match, Match::unknown);
    EXPECT_EQ(lines[1].reason, "the unit of a bare uid is unknown");
    EXPECT_EQ(lines[2].line, "admin { user: ops }");
    EXPECT_EQ(lines[2].match, Match::yes);
}

}  // namespace
}  // namespace tokenbroker::core
