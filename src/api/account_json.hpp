#pragma once

#include "broker/face.hpp"

#include <boost/json/object.hpp>

namespace tokenbroker::api {

// An account as `GET /v1/accounts/{account}` shows it.
[[nodiscard]] boost::json::object account_json(const broker::AccountStatus& status);
// What a 503 tells of it: state, waiting_for, last_error, retry_at.
[[nodiscard]] boost::json::object login_brief_json(const broker::AccountStatus& status);

}  // namespace tokenbroker::api
