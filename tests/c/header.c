/* Every structure and every kind of function: compiled as C and as C++, without a warning. */
#include <batv.h>
#include <batv_exim.h>

static void
log_line(batv_log_level level, const char *line, void *user_data)
{
	(void)level;
	(void)line;
	(void)user_data;
}

static batv_status
decide(const batv_config *config, int64_t now)
{
	const batv_address recipients[] = {{"bob@example.org", BATV_NUL_TERMINATED}, {"<a@b>", 5}};
	batv_message message = BATV_MESSAGE_INIT;
	batv_recipient recipient = BATV_RECIPIENT_INIT;
	batv_outbound_decision outbound = BATV_OUTBOUND_DECISION_INIT;
	batv_inbound_decision inbound = BATV_INBOUND_DECISION_INIT;
	char buffer[64];
	size_t length;
	batv_status status;

	message.mail_from = "user@example.com";
	message.time = now;
	message.recipients = recipients;
	message.recipient_count = sizeof recipients / sizeof *recipients;
	status = batv_config_outbound(config, &message, &outbound, buffer, sizeof buffer, &length);
	if (status != BATV_STATUS_OK || outbound.reason != BATV_OUTBOUND_REASON_SIGNED)
		return status;
	recipient.mail_from = "<>";
	recipient.rcpt_to = buffer;
	recipient.rcpt_to_length = length;
	recipient.time = now;
	status = batv_config_inbound(config, &recipient, &inbound, NULL, 0, NULL);
	switch (inbound.action) {
	case BATV_ACTION_REFUSE:
		return BATV_STATUS_BAD_ADDRESS;
	default:
		return status;
	}
}

int
main(void)
{
	batv_keyring *keys = batv_keyring_new();
	batv_config *config;
	batv_verdict verdict;
	batv_parts parts;
	batv_dialect dialect;
	char buffer[64];
	const size_t all = BATV_NUL_TERMINATED;

	if (batv_keyring_add(keys, 1, "secret", all) || batv_keyring_sign_with(keys, 1) ||
	    batv_keyring_set(keys, BATV_SETTING_SYNTAX, BATV_SYNTAX_SUB_ADDRESS) ||
	    batv_keyring_verify(
		keys, "a@b", all, 1, &verdict, buffer, sizeof buffer, NULL, NULL, NULL) ||
	    batv_strip("a@b", all, &dialect, &parts) ||
	    batv_config_open("/etc/batv/batv.toml", all, &config))
		return 1;
	batv_config_set_log(config, log_line, NULL);
	batv_config_refresh(config, NULL);
	return decide(config, 1795348800) == BATV_STATUS_OK && verdict == BATV_VERDICT_MISSING;
}
