#pragma once

#include <array>
#include <string_view>

// Every key of a recipe file, one list a map. config/recipe.schema.json has the same; a test
// compares them.
namespace tokenbroker::recipe::keys {

using Key = std::string_view;

inline constexpr std::array recipe = {Key("recipe"),
                                      Key("title"),
                                      Key("base"),
                                      Key("inputs"),
                                      Key("acquire"),
                                      Key("token"),
                                      Key("probe"),
                                      Key("revoke"),
                                      Key("refresh"),
                                      Key("keep"),
                                      Key("provision_inputs"),
                                      Key("provision"),
                                      Key("provision_end"),
                                      Key("answers")};
inline constexpr std::array base = {Key("strip")};
inline constexpr std::array input = {Key("type"), Key("choices"), Key("required"), Key("default"),
                                     Key("max"),  Key("secret"),  Key("identity"), Key("password")};
inline constexpr std::array password = {Key("length"), Key("classes"), Key("digits_only"),
                                        Key("common"), Key("unlike")};
inline constexpr std::array condition = {Key("given")};
inline constexpr std::array step = {Key("step"),    Key("login"),  Key("optional"), Key("when"),
                                    Key("request"), Key("select"), Key("take")};
inline constexpr std::array request = {Key("method"), Key("path"),    Key("trailing_slash"),
                                       Key("query"),  Key("headers"), Key("json"),
                                       Key("form"),   Key("basic")};
inline constexpr std::array basic = {Key("user"), Key("password")};
inline constexpr std::array select = {Key("what"), Key("from"), Key("where"), Key("show")};
inline constexpr std::array take = {Key("at"), Key("default"), Key("secret")};
inline constexpr std::array token = {Key("value"), Key("header"), Key("expires")};
inline constexpr std::array header = {Key("name"), Key("value")};
inline constexpr std::array expires = {Key("after"), Key("at"), Key("in"), Key("jwt")};
inline constexpr std::array answer = {Key("status"), Key("step"), Key("json"), Key("means"),
                                      Key("hint")};

inline constexpr std::array input_types = {Key("text"), Key("integer"), Key("boolean"),
                                           Key("duration"), Key("path")};
inline constexpr std::array methods = {Key("GET"), Key("POST"), Key("PUT"), Key("PATCH"),
                                       Key("DELETE")};
inline constexpr std::array meanings = {Key("ok"),          Key("refused"), Key("throttled"),
                                        Key("unavailable"), Key("expired"), Key("unexpected")};

}  // namespace tokenbroker::recipe::keys
