/*
 * cc milter.c $(pkg-config --cflags --libs batv) -lmilter -lpthread
 * ./a.out unix:/run/batv/milter.sock /etc/batv/batv.toml
 *
 * A milter for Postfix and Sendmail: it signs what leaves, refuses bounces that are not genuine,
 * and has the others delivered to the original address. Mail that is made on the server itself
 * comes from 127.0.0.1: list it in internal-networks.
 */
#include <arpa/inet.h>
#include <batv.h>
#include <ctype.h>
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

struct rcpt {
	char *given, *original; /* original is NULL where it is the same */
};

struct session {
	char client[INET6_ADDRSTRLEN];
	int is_local, is_postfix;
	/* The message. */
	batv_config *config; /* a snapshot: a reload between RCPT and the end changes nothing */
	int64_t received;
	char *mail_from, *mail_from_resolved;
	struct rcpt *rcpts;
	size_t count;
};

static batv_config *config;

static void
log_line(batv_log_level level, const char *line, void *user_data)
{
	(void)user_data;
	syslog((int)level, "%s", line);
}

static sfsistat
failed(void)
{
	syslog(LOG_ERR, "%s", batv_last_error());
	return SMFIS_TEMPFAIL;
}

static void
end_message(struct session *session)
{
	for (size_t i = 0; i < session->count; i++) {
		free(session->rcpts[i].given);
		free(session->rcpts[i].original);
	}
	free(session->rcpts);
	free(session->mail_from);
	free(session->mail_from_resolved);
	batv_config_free(session->config);
	session->config = NULL;
	session->mail_from = session->mail_from_resolved = NULL;
	session->rcpts = NULL;
	session->count = 0;
}

static sfsistat
on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
	struct session *session = calloc(1, sizeof *session);
	const char *version = smfi_getsymval(context, "v");

	(void)host;
	if (session == NULL || smfi_setpriv(context, session) != MI_SUCCESS)
		return SMFIS_TEMPFAIL;
	/* Sendmail says its version, Postfix its name before that, which main.cf can change. */
	session->is_postfix = version != NULL && !isdigit((unsigned char)*version);
	if (address == NULL)
		return SMFIS_CONTINUE;
	if (address->sa_family == AF_UNIX)
		session->is_local = 1;
	else if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)address)->sin_addr, session->client,
		    sizeof session->client);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)address)->sin6_addr, session->client,
		    sizeof session->client);
	return SMFIS_CONTINUE;
}

/* An address as Postfix reads it; Sendmail's macro is something else. */
static char *
resolved(SMFICTX *context, const struct session *session, char *macro)
{
	return session->is_postfix ? smfi_getsymval(context, macro) : NULL;
}

static int
is_trusted(SMFICTX *context, const struct session *session)
{
	return session->is_local || smfi_getsymval(context, "{auth_type}") != NULL;
}

static sfsistat
on_envfrom(SMFICTX *context, char **arguments)
{
	struct session *session = smfi_getpriv(context);
	const char *reading = resolved(context, session, "{mail_addr}");

	end_message(session);
	/* A bad file has been logged, and the last good one stays. */
	batv_config_refresh(config, NULL);
	session->received = time(NULL);
	session->mail_from = strdup(arguments[0]);
	if (reading != NULL)
		session->mail_from_resolved = strdup(reading);
	return batv_config_snapshot(config, &session->config) ? failed() : SMFIS_CONTINUE;
}

static sfsistat
on_envrcpt(SMFICTX *context, char **arguments)
{
	struct session *session = smfi_getpriv(context);
	const char *queue = smfi_getsymval(context, "i");
	batv_recipient recipient = BATV_RECIPIENT_INIT;
	batv_inbound_decision decision = BATV_INBOUND_DECISION_INIT;
	char deliver_to[1024], line[4096];
	struct rcpt *rcpts;

	recipient.mail_from = session->mail_from;
	recipient.mail_from_resolved = session->mail_from_resolved;
	recipient.rcpt_to = arguments[0];
	recipient.rcpt_resolved = resolved(context, session, "{rcpt_addr}");
	recipient.time = session->received;
	recipient.client = session->client[0] == '\0' ? NULL : session->client;
	recipient.trusted = is_trusted(context, session);
	recipient.recipients_before = (uint32_t)session->count;
	if (batv_config_inbound(
		session->config, &recipient, &decision, deliver_to, sizeof deliver_to, NULL) ||
	    batv_inbound_log_line(
		&recipient, &decision, queue, BATV_NUL_TERMINATED, line, sizeof line, NULL))
		return failed();
	syslog(LOG_INFO, "%s", line);
	if (decision.action == BATV_ACTION_REFUSE) {
		smfi_setreply(
		    context, decision.reply_code, decision.reply_enhanced, decision.reply_text);
		return SMFIS_REJECT;
	}
	rcpts = realloc(session->rcpts, (session->count + 1) * sizeof *rcpts);
	if (rcpts == NULL)
		return SMFIS_TEMPFAIL;
	session->rcpts = rcpts;
	rcpts[session->count].given = strdup(arguments[0]);
	rcpts[session->count].original =
	    decision.action == BATV_ACTION_ORIGINAL ? strdup(deliver_to) : NULL;
	session->count++;
	return SMFIS_CONTINUE;
}

/* Changes sender and recipients: the milter protocol allows it only here. The tag is in the queue
 * file then, and stays the same over all delivery attempts. */
static sfsistat
on_eom(SMFICTX *context)
{
	struct session *session = smfi_getpriv(context);
	const char *queue = smfi_getsymval(context, "i");
	batv_message message = BATV_MESSAGE_INIT;
	batv_outbound_decision decision = BATV_OUTBOUND_DECISION_INIT;
	batv_address *recipients = calloc(session->count + 1, sizeof *recipients);
	char sender[1024], line[4096];
	sfsistat result = SMFIS_CONTINUE;

	if (recipients == NULL)
		return SMFIS_TEMPFAIL;
	for (size_t i = 0; i < session->count; i++) {
		const struct rcpt *rcpt = &session->rcpts[i];

		recipients[i].text = rcpt->given;
		recipients[i].length = BATV_NUL_TERMINATED;
		if (rcpt->original != NULL &&
		    (smfi_delrcpt(context, rcpt->given) != MI_SUCCESS ||
			smfi_addrcpt(context, rcpt->original) != MI_SUCCESS))
			result = SMFIS_TEMPFAIL;
	}
	message.mail_from = session->mail_from;
	message.mail_from_resolved = session->mail_from_resolved;
	message.recipients = recipients;
	message.recipient_count = session->count;
	message.time = session->received;
	message.client = session->client[0] == '\0' ? NULL : session->client;
	message.trusted = is_trusted(context, session);
	/* A client without an address is a stranger, unless it is known in another way. */
	if (message.client == NULL && !message.trusted) {
		free(recipients);
		return result;
	}
	if (batv_config_outbound(
		session->config, &message, &decision, sender, sizeof sender, NULL) ||
	    batv_outbound_log_line(
		&message, &decision, queue, BATV_NUL_TERMINATED, line, sizeof line, NULL)) {
		result = failed();
	} else {
		syslog(LOG_INFO, "%s", line);
		if (decision.reason == BATV_OUTBOUND_REASON_SIGNED &&
		    smfi_chgfrom(context, sender, NULL) != MI_SUCCESS)
			result = SMFIS_TEMPFAIL;
	}
	free(recipients);
	return result;
}

static sfsistat
on_close(SMFICTX *context)
{
	struct session *session = smfi_getpriv(context);

	if (session != NULL)
		end_message(session);
	free(session);
	smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
}

int
main(int argc, char **argv)
{
	struct smfiDesc filter = {.xxfi_name = "batv",
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_CHGFROM | SMFIF_ADDRCPT | SMFIF_DELRCPT,
	    .xxfi_connect = on_connect,
	    .xxfi_envfrom = on_envfrom,
	    .xxfi_envrcpt = on_envrcpt,
	    .xxfi_eom = on_eom,
	    .xxfi_close = on_close};

	if (argc != 3 || batv_config_open(argv[2], BATV_NUL_TERMINATED, &config)) {
		fprintf(
		    stderr, "%s\n", argc != 3 ? "usage: milter SOCKET FILE" : batv_last_error());
		return 1;
	}
	openlog("batv-milter", LOG_PERROR, LOG_MAIL);
	batv_config_set_log(config, log_line, NULL);
	batv_config_warn(config, time(NULL));
	if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(filter) != MI_SUCCESS)
		return 1;
	if (smfi_main() != MI_SUCCESS)
		return 1;
	batv_config_free(config);
	return 0;
}
