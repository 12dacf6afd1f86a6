/*
 * Eight threads that use one configuration while another replaces its file and refreshes it, and
 * children that are forked meanwhile.
 */
#include "check.h"
#include "file.h"
#include <batv.h>
#include <pthread.h>
#include <sys/wait.h>

/* Their malloc may stay locked in a child that is forked while other threads allocate. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
#define SANITIZED
#endif

enum { THREADS = 8, CHANGES = 24, CHILDREN = 3 };
/* Nothing takes so many seconds, however busy the machine is. */
enum { DEADLINE = 600 };

static const int64_t at = 1795348800;
static const char alice[] = "alice@example.test";
/* Exim's tags by the one secret and by the other. */
static const char *const tags[] = {
    "prvs=0786864c09=alice@example.test", "prvs=0786135060=alice@example.test"};
static const char *const secrets[] = {"secret", "0123456789abcdef0123456789abcdef"};

static batv_config *config;
static int done, reloads, failures;

static int
is_done(void)
{
	return __atomic_load_n(&done, __ATOMIC_RELAXED);
}

/* Two keys, of which one signs; both verify. A bad file in between. */
static void
write_change(int change)
{
	char text[512];

	if (change % 3 == 2) {
		file_write("[[key]]\nnumber = 0\n");
		return;
	}
	snprintf(text, sizeof text,
	    "[[key]]\nnumber = 0\nsecret = \"%s\"\nfor = [\"example.test\"]\n"
	    "[[key]]\nnumber = 1\nsecret = \"secret\"\nuse = \"verify\"\nfor = [\"%d.test\"]\n",
	    secrets[change % 3], change);
	file_write(text);
}

/* How often something was not as it should be, once round. */
static int
work(void)
{
	const batv_address bob = {"bob@example.org", BATV_NUL_TERMINATED};
	batv_message message = BATV_MESSAGE_INIT;
	batv_recipient recipient = BATV_RECIPIENT_INIT;
	batv_outbound_decision outbound = BATV_OUTBOUND_DECISION_INIT;
	batv_inbound_decision inbound = BATV_INBOUND_DECISION_INIT;
	batv_config *snapshot;
	char buffer[64], again[64];
	batv_verdict verdict = BATV_VERDICT_MISSING;
	int faults = 0;

	message.mail_from = alice;
	message.time = at;
	message.recipients = &bob;
	message.recipient_count = 1;
	recipient.mail_from = "<>";
	recipient.rcpt_to = alice;
	recipient.time = at;
	/* However often the file changes, a snapshot signs as before. */
	if (batv_config_snapshot(config, &snapshot) != BATV_STATUS_OK)
		return 1;
	faults += batv_config_outbound(snapshot, &message, NULL, again, sizeof again, NULL) !=
		  BATV_STATUS_OK;
	faults += batv_config_outbound(
		      snapshot, &message, &outbound, buffer, sizeof buffer, NULL) != BATV_STATUS_OK;
	faults += strcmp(buffer, again) != 0;
	batv_config_free(snapshot);
	faults += outbound.reason != BATV_OUTBOUND_REASON_SIGNED;
	faults += strcmp(buffer, tags[0]) != 0 && strcmp(buffer, tags[1]) != 0;
	faults += batv_config_verify(config, tags[0], BATV_NUL_TERMINATED, at, &verdict, buffer,
		      sizeof buffer, NULL, NULL, NULL) != BATV_STATUS_OK;
	faults += verdict != BATV_VERDICT_PASS && verdict != BATV_VERDICT_BAD_SIGNATURE;
	faults += batv_config_inbound(config, &recipient, &inbound, buffer, sizeof buffer, NULL) !=
		  BATV_STATUS_OK;
	faults += inbound.reason != BATV_INBOUND_REASON_MISSING;
	return faults;
}

/* Refreshes as a mail server does for each message; one of the threads is told what is bad, or
 * that the file was replaced each time that it was read. */
static void *
use(void *argument)
{
	int *faults = argument;

	while (!is_done()) {
		const batv_status status = batv_config_refresh(config, NULL);
		const char *const detail = status == BATV_STATUS_BAD_CONFIG
					       ? "must be given once"
					       : "changes while it is read";

		if (status != BATV_STATUS_OK)
			*faults += strstr(batv_last_error(), detail) == NULL;
		*faults += work();
	}
	return NULL;
}

static void
count(batv_log_level level, const char *line, void *user_data)
{
	int *counter = level == BATV_LOG_LEVEL_INFO ? &reloads : &failures;

	(void)line;
	(void)user_data;
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static int
lines_logged(void)
{
	return __atomic_load_n(&reloads, __ATOMIC_RELAXED) +
	       __atomic_load_n(&failures, __ATOMIC_RELAXED);
}

/* In a child: the file is read again, and the last one counts. */
static int
child(void)
{
	char buffer[64];
	int faults = work();

	file_write("[[key]]\nnumber = 0\nsecret = \"secret\"\nfor = [\"example.test\"]\n");
	faults += batv_config_reload(config) != BATV_STATUS_OK;
	faults += batv_config_sign(config, alice, BATV_NUL_TERMINATED, at, buffer, sizeof buffer,
		      NULL, NULL) != BATV_STATUS_OK;
	faults += strcmp(buffer, tags[0]) != 0;
	return faults != 0;
}

static void
fork_children(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		int status = -1;
		const pid_t forked = fork();

		if (forked == 0) {
			/* At an exit Valgrind calls lost what threads held that are no more. */
			if (child() == 0)
				execlp("true", "true", (char *)NULL);
			_exit(1);
		}
		CHECK(waitpid(forked, &status, 0) == forked && status == 0);
	}
}

int
main(void)
{
	pthread_t threads[THREADS];
	int faults[THREADS] = {0}, unread = 0;

	alarm(DEADLINE);
	file_begin();
	write_change(0);
	CHECK(batv_config_open(file_path, BATV_NUL_TERMINATED, &config) == BATV_STATUS_OK);
	CHECK(batv_config_set_log(config, count, NULL) == BATV_STATUS_OK);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, use, &faults[i]) == 0);
	for (int change = 1; change <= CHANGES; change++) {
		const int before = lines_logged();

		write_change(change);
		/* Any of the threads may load it, or find it bad. */
		while (lines_logged() == before)
			unread += batv_config_refresh(config, NULL) == BATV_STATUS_BAD_FILE;
	}
	CHECK(unread == 0);
#ifndef SANITIZED
	fork_children();
#endif
	__atomic_store_n(&done, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		CHECK(faults[i] == 0);
	}
	fork_children();
	CHECK(reloads > 0 && failures > 0);
	write_change(1);
	CHECK(batv_config_reload(config) == BATV_STATUS_OK);
	char buffer[64];
	CHECK(batv_config_sign(
		  config, alice, BATV_NUL_TERMINATED, at, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, tags[1]);
	batv_config_free(config);
	file_end();
	return checked();
}
