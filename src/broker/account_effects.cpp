#include "broker/account.hpp"
#include "broker/render.hpp"

#include <utility>

namespace tokenbroker::broker {

namespace {

std::string_view words_for(core::Publication publication) {
    switch (publication) {
        case core::Publication::fresh:
            return "a new token is served";
        case core::Publication::reanchored:
            return "the clock was set: the same token is served with its expiry put right";
        default:
            return "the sealed token is served: no login was needed";
    }
}

}  // namespace

namespace asio = boost::asio;

// Carries out what the machine wants, in the turn in which it said so: whoever looks next sees it
// done. Only the disk comes later (flush_records, TokenKeeper).
void Account::settle() {
    core::Effects effects = machine_.take_effects();
    const bool nothing = effects.records.empty() && effects.notices.empty() &&
                         effects.publication == core::Publication::none;
    if (nothing) return;
    effects_.push_back(std::move(effects));
    if (!sealing_) carry_out_effects();
}

asio::awaitable<void> Account::settle_durably() {
    effects_.push_back(machine_.take_effects());
    const core::Effects& effects = effects_.back();
    if (effects.publication == core::Publication::fresh && fresh_ && !fresh_->kept.empty()) {
        // What comes meanwhile waits its turn: it may speak of the token that is about to be
        // served.
        sealing_ = true;
        state::SealedToken sealed = sealed_form(fresh_->token, fresh_->kept, *effects.times);
        co_await keeper_.store_first(std::move(sealed));
        sealing_ = false;
    }
    carry_out_effects();
}

void Account::carry_out_effects() {
    while (!effects_.empty()) {
        const core::Effects effects = std::move(effects_.front());
        effects_.pop_front();
        write_notices(effects.notices);
        records_.insert(records_.end(), effects.records.begin(), effects.records.end());
        switch (effects.publication) {
            case core::Publication::none:
                break;
            case core::Publication::fresh:
            case core::Publication::resumed:
            case core::Publication::reanchored:
                publish(effects);
                break;
            case core::Publication::dropped:
                withdraw();
                keeper_.remove();
                break;
            case core::Publication::expired:
                withdraw();
                break;
        }
    }
    announce();
    services_.ledger_moved();
}

state::SealedToken Account::sealed_form(const recipe::Token& token, const Secret& kept,
                                        const core::TokenTimes& times) {
    state::SealedToken sealed;
    sealed.value = token.value;
    sealed.header_name = token.header_name;
    sealed.header_value = token.header_value;
    sealed.times = times;
    sealed.kept = kept;
    return sealed;
}

void Account::publish(const core::Effects& effects) {
    const bool fresh = effects.publication == core::Publication::fresh;
    bool sealed = false;
    if (fresh && fresh_) {
        token_ = std::move(fresh_->token);
        kept_ = std::move(fresh_->kept);
        sealed = !kept_.empty();
        fresh_.reset();
    }
    const core::TokenTimes& times = *effects.times;
    const std::string_view source = core::expiry_source_name(times.source);
    const TokenParts parts{settings_.name,      token_.value,     token_.header_name,
                           token_.header_value, source,           times.generation,
                           times.issued_at,     times.expires_at, times.expires_boot};
    current_ = render(parts);
    ++revision_;
    const bool on_disk = sealed || effects.publication == core::Publication::resumed;
    if (!on_disk) keeper_.store(sealed_form(token_, kept_, times));
    services_.log.info(
        "token_published", words_for(effects.publication),
        {{"account", settings_.name.text()},
         {"attempt", attempt_id_},
         {"generation", times.generation},
         {"expires_at", times.expires_at ? format_rfc3339(*times.expires_at) : "never"},
         {"expiry_source", source}});
}

void Account::withdraw() {
    if (!current_) return;
    current_.reset();
    ++revision_;
}

void Account::write_notices(const std::vector<core::Notice>& notices) {
    for (const core::Notice& notice : notices) {
        if (notice.event == "token_died_early") ++series_->early_deaths;
        if (!services_.log.enabled(notice.level)) continue;
        if (attempting_) {
            services_.log.write(notice.level, notice.event, notice.message,
                                {{"account", settings_.name.text()}, {"attempt", attempt_id_}});
        } else {
            services_.log.write(notice.level, notice.event, notice.message,
                                {{"account", settings_.name.text()}});
        }
    }
}

}  // namespace tokenbroker::broker
