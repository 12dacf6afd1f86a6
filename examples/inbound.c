/*
 * cc inbound.c $(pkg-config --cflags --libs batv) && ./a.out /etc/batv/batv.toml
 *
 * Answers RCPT as a mail server or a milter does. Each line of the input is a recipient: UNIX
 * time, IP address of the client, MAIL FROM, RCPT TO.
 */
#include <batv.h>
#include <inttypes.h>
#include <stdio.h>

static void
log_line(batv_log_level level, const char *line, void *user_data)
{
	(void)user_data;
	fprintf(stderr, "<%d>batv: %s\n", (int)level, line); /* or syslog(level, "%s", line) */
}

static void
answer(const batv_config *config, const batv_recipient *recipient)
{
	batv_inbound_decision decision = BATV_INBOUND_DECISION_INIT;
	char deliver_to[512], line[2048];

	/* A bad file has been logged, and the last good one stays. */
	batv_config_refresh(config, NULL);
	if (batv_config_inbound(
		config, recipient, &decision, deliver_to, sizeof deliver_to, NULL) ||
	    batv_inbound_log_line(recipient, &decision, NULL, 0, line, sizeof line, NULL)) {
		fprintf(stderr, "batv: %s\n", batv_last_error());
		printf("451 4.3.0 Try again later\n");
		return;
	}
	fprintf(stderr, "%s\n", line);
	if (decision.action == BATV_ACTION_REFUSE)
		printf("%s %s %s\n", decision.reply_code, decision.reply_enhanced,
		    decision.reply_text);
	else
		printf("250 2.1.5 %s\n", deliver_to);
}

int
main(int argc, char **argv)
{
	char client[64], mail_from[512], rcpt_to[512];
	batv_recipient recipient = BATV_RECIPIENT_INIT;
	batv_config *config;

	if (argc != 2 || batv_config_open(argv[1], BATV_NUL_TERMINATED, &config)) {
		fprintf(stderr, "%s\n", argc != 2 ? "usage: inbound FILE" : batv_last_error());
		return 1;
	}
	batv_config_set_log(config, log_line, NULL);
	recipient.client = client;
	recipient.mail_from = mail_from;
	recipient.rcpt_to = rcpt_to;
	while (
	    scanf("%" SCNd64 " %63s %511s %511s", &recipient.time, client, mail_from, rcpt_to) == 4)
		answer(config, &recipient);
	batv_config_free(config);
	return 0;
}
