/* A configuration: every function, NULL for every argument, every buffer too small, files that
 * are bad, and the log. The tags are Exim's, but for those whose test says so. */
#include "check.h"
#include "file.h"
#include <batv.h>
#include <errno.h>
#include <limits.h>

#define Z BATV_NUL_TERMINATED

static const int64_t at = 1795348800; /* day 779 of the tags */
static const int64_t day = 86400;
static const char alice[] = "alice@example.test";
static const char tagged[] = "prvs=0786864c09=alice@example.test";
static const char long_one[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@example.test";

static const char domains[] = "[[key]]\n"
			      "number = 0\n"
			      "secret = \"secret\"\n"
			      "for = [\"example.test\", \"sub.domain.example.test\"]\n"
			      "[[key]]\n"
			      "number = 4\n"
			      "secret = \"another key\"\n"
			      "use = \"verify\"\n"
			      "for = [\"example.test\", \"old.example.test\"]\n"
			      "[[key]]\n"
			      "number = 9\n"
			      "secret = \"0123456789abcdef0123456789abcdef\"\n"
			      "for = [\"other.example.test\"]\n"
			      "[policy]\n"
			      "default-domain = \"example.test\"\n"
			      "exempt = [\"postmaster@*\"]\n"
			      "sign-local = false\n"
			      "untagged-destinations = [\"lists.example.org\"]\n"
			      "clients = [\"192.0.2.0/24\", \"2001:db8::/32\"]\n";
static const char strict[] = "[[key]]\n"
			     "number = 0\n"
			     "secret = \"secret\"\n"
			     "for = [\"example.test\"]\n"
			     "[policy]\n"
			     "refuse-tagged-mail = true\n"
			     "one-recipient = true\n";
static const char monitoring[] = "[[key]]\n"
				 "number = 0\n"
				 "secret = \"secret\"\n"
				 "for = [\"example.test\"]\n"
				 "[policy]\n"
				 "monitor = true\n";
/* Three faults; none may show what could be the secret. */
static const char bad[] = "lifetme = 7\n"
			  "[[key]]\n"
			  "number = 10\n"
			  "secret = \"hush-hush\"\n"
			  "for = [\"example.test\"]\n"
			  "[policy]\n"
			  "clients = [\"nowhere\"]\n";

static batv_config *
opened(const char *text)
{
	batv_config *config = NULL;

	file_write(text);
	CHECK(batv_config_open(file_path, Z, &config) == BATV_STATUS_OK);
	CHECK(config != NULL);
	return config;
}

/* What the detail and the log say of the bad file. */
static const char *
faults(void)
{
	static char text[512];

	snprintf(text, sizeof text,
	    "%s:1: lifetme: unknown key; did you mean `lifetime`?\n"
	    "%s:3: key[1].number: must be a whole number, 0 to 9\n"
	    "%s:7: policy.clients: \"nowhere\" is no address and no network such as 192.0.2.0/24",
	    file_path, file_path, file_path);
	return text;
}

static void
numbers(void)
{
	static const struct {
		int reason, number;
		const char *text;
	} reasons[] = {
	    {BATV_REASON_SIGNED, 0, "signed"},
	    {BATV_REASON_NULL_SENDER, 1, "null-sender"},
	    {BATV_REASON_UNREADABLE, 2, "unreadable"},
	    {BATV_REASON_NOT_OURS, 3, "not-ours"},
	    {BATV_REASON_EXEMPT, 4, "exempt"},
	    {BATV_REASON_LOCAL, 5, "local"},
	    {BATV_REASON_UNTAGGED_DESTINATION, 6, "untagged-destination"},
	    {BATV_REASON_TAGGED, 7, "tagged"},
	    {BATV_REASON_TOO_LONG, 8, "too-long"},
	    {BATV_REASON_NO_SIGNING_KEY, 9, "no-signing-key"},
	    {BATV_REASON_CLIENT, 10, "client"},
	    {BATV_REASON_NOT_A_BOUNCE, 11, "not-a-bounce"},
	    {BATV_REASON_PASS, 12, "pass"},
	    {BATV_REASON_MISSING, 13, "missing"},
	    {BATV_REASON_MALFORMED, 14, "malformed"},
	    {BATV_REASON_UNKNOWN_KEY, 15, "unknown-key"},
	    {BATV_REASON_BAD_SIGNATURE, 16, "bad-signature"},
	    {BATV_REASON_EXPIRED, 17, "expired"},
	    {BATV_REASON_SECOND_RECIPIENT, 18, "second-recipient"},
	    {BATV_REASON_TAGGED_MAIL, 19, "tagged-mail"},
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		CHECK(reasons[i].reason == reasons[i].number);
		CHECK_TEXT(batv_reason_text(reasons[i].number), reasons[i].text);
	}
	CHECK_TEXT(batv_reason_text(20), "unknown");
	CHECK_TEXT(batv_reason_text(-1), "unknown");
	CHECK(BATV_ACTION_ACCEPT == 1 && BATV_ACTION_ACCEPT_AS == 2 && BATV_ACTION_REFUSE == 3);
	CHECK_TEXT(batv_action_text(BATV_ACTION_ACCEPT), "accept");
	CHECK_TEXT(batv_action_text(BATV_ACTION_ACCEPT_AS), "accept-as");
	CHECK_TEXT(batv_action_text(BATV_ACTION_REFUSE), "refuse");
	CHECK_TEXT(batv_action_text(0), "unknown");
	CHECK_TEXT(batv_action_text(INT_MAX), "unknown");
	CHECK(BATV_LOG_LEVEL_ERROR == 3 && BATV_LOG_LEVEL_INFO == 6);
	CHECK(BATV_STATUS_BAD_CONFIG == 9 && BATV_STATUS_BAD_FILE == 10);
	CHECK_TEXT(batv_status_text(BATV_STATUS_BAD_CONFIG), "configuration is bad");
	CHECK_TEXT(batv_status_text(BATV_STATUS_BAD_FILE), "file cannot be used");
	/* What programs were compiled with must stay: fields are added behind these. */
	CHECK(offsetof(batv_outbound, recipient_count) == sizeof(batv_outbound) - sizeof(size_t));
	CHECK(offsetof(batv_inbound, recipients_before) == sizeof(batv_inbound) - sizeof(uint32_t));
	CHECK(offsetof(batv_decision, reply_text) == sizeof(batv_decision) - 256);
}

static void
open_and_free(void)
{
	batv_config *config = NULL;
	char path[128], detail[256];

	batv_config_free(NULL);
	CHECK(batv_config_open(NULL, Z, &config) == BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_open(file_path, Z, NULL) == BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "config is NULL");
	CHECK(batv_config_open("/a\0b", 4, &config) == BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "path has a NUL at octet 2");
	CHECK(batv_config_open("x", (size_t)-2, &config) == BATV_STATUS_BAD_VALUE);

	snprintf(path, sizeof path, "%s/missing.toml", file_folder);
	snprintf(detail, sizeof detail, "%s: No such file or directory (os error 2)", path);
	errno = 4711;
	CHECK(batv_config_open(path, Z, &config) == BATV_STATUS_BAD_FILE);
	CHECK(errno == 4711);
	CHECK_TEXT(batv_last_error(), detail);
	snprintf(detail, sizeof detail, "%s: not a file", file_folder);
	CHECK(batv_config_open(file_folder, Z, &config) == BATV_STATUS_BAD_FILE);
	CHECK_TEXT(batv_last_error(), detail);

	file_write(bad);
	CHECK(batv_config_open(file_path, Z, &config) == BATV_STATUS_BAD_CONFIG);
	CHECK_TEXT(batv_last_error(), faults());
	CHECK(strstr(batv_last_error(), "hush") == NULL);
	file_write(domains);
	CHECK(chmod(file_path, 0644) == 0);
	CHECK(batv_config_open(file_path, Z, &config) == BATV_STATUS_BAD_FILE);
	CHECK(strstr(batv_last_error(), "holds secrets and is open to every user") != NULL);
	CHECK(config == NULL);

	/* By length: what stands behind is not read. */
	CHECK(chmod(file_path, 0600) == 0);
	snprintf(path, sizeof path, "%s.more", file_path);
	CHECK(batv_config_open(path, strlen(file_path), &config) == BATV_STATUS_OK);
	batv_config_free(config);
}

static void
sign(void)
{
	batv_config *config = opened(domains);
	static const struct {
		const char *address, *sender;
		int reason;
	} cases[] = {
	    {alice, tagged, BATV_REASON_SIGNED},
	    {"<@relay:alice@EXAMPLE.TEST>", "<prvs=0786864c09=alice@EXAMPLE.TEST>",
		BATV_REASON_SIGNED},
	    {"alice", tagged, BATV_REASON_SIGNED},
	    {"a.b.c.d.e@sub.domain.example.test",
		"prvs=078618226f=a.b.c.d.e@sub.domain.example.test", BATV_REASON_SIGNED},
	    /* By OpenSSL. */
	    {"alice@other.example.test", "prvs=97860fcf8e=alice@other.example.test",
		BATV_REASON_SIGNED},
	    {"", "", BATV_REASON_NULL_SENDER},
	    {"<>", "<>", BATV_REASON_NULL_SENDER},
	    {"a b@c", "a b@c", BATV_REASON_UNREADABLE},
	    {"a@example.org", "a@example.org", BATV_REASON_NOT_OURS},
	    {"Postmaster@example.test", "Postmaster@example.test", BATV_REASON_EXEMPT},
	    {tagged, tagged, BATV_REASON_TAGGED},
	    {long_one, long_one, BATV_REASON_TOO_LONG},
	    {"a@old.example.test", "a@old.example.test", BATV_REASON_NO_SIGNING_KEY},
	};
	char buffer[128];
	size_t length;
	int reason;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const size_t needed = strlen(cases[i].sender);

		for (size_t size = 1; size <= needed; size++) {
			memset(buffer, 0x55, sizeof buffer);
			reason = 77;
			CHECK(batv_config_sign(config, cases[i].address, Z, at, buffer, size,
				  &length, &reason) == BATV_STATUS_BUFFER_TOO_SMALL);
			CHECK(length == needed && reason == 77 && buffer[0] == 0x55);
		}
		CHECK(batv_config_sign(config, cases[i].address, Z, at, buffer, needed + 1, &length,
			  &reason) == 0);
		CHECK_TEXT(buffer, cases[i].sender);
		CHECK(length == needed && reason == cases[i].reason);
	}

	CHECK(batv_config_sign(NULL, alice, Z, at, buffer, 64, &length, &reason) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "config is NULL");
	CHECK(batv_config_sign(config, NULL, Z, at, buffer, 64, &length, &reason) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_sign(config, alice, Z, at, NULL, 64, &length, &reason) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_sign(config, alice, Z, at, NULL, 0, NULL, NULL) == 0);
	CHECK(batv_config_sign(config, alice, Z, -1, buffer, 64, &length, &reason) ==
	      BATV_STATUS_BAD_VALUE);
	strcpy(buffer, alice);
	CHECK(batv_config_sign(config, buffer, Z, at, buffer, 64, &length, &reason) ==
	      BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(buffer, alice);
	batv_config_free(config);
}

static void
verify(void)
{
	batv_config *config = opened(domains);
	static const struct {
		const char *address;
		int64_t time;
		int verdict, key, left;
		const char *original;
	} cases[] = {
	    {tagged, 1795348800, BATV_VERDICT_PASS, 0, 7, alice},
	    {tagged, 1795348800 + 8 * 86400, BATV_VERDICT_EXPIRED, 0, 0, alice},
	    {"prvs=4001cfc540=bob@example.test", 1813881601, BATV_VERDICT_PASS, 4, 7,
		"bob@example.test"},
	    /* The same secret is none of that domain. */
	    {"prvs=4001cfc540=bob@sub.domain.example.test", 1813881601, BATV_VERDICT_UNKNOWN_KEY,
		-1, -1, ""},
	    {"prvs=0786864c09=alice@example.org", 1795348800, BATV_VERDICT_UNKNOWN_KEY, -1, -1, ""},
	    {"prvs=0786864c0a=alice@example.test", 1795348800, BATV_VERDICT_BAD_SIGNATURE, -1, -1,
		""},
	    {"prvs=x=alice@example.test", 1795348800, BATV_VERDICT_MALFORMED, -1, -1, ""},
	    {alice, 1795348800, BATV_VERDICT_MISSING, -1, -1, ""},
	};
	char buffer[64];
	size_t length;
	int verdict, key, left;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK(batv_config_verify(config, cases[i].address, Z, cases[i].time, &verdict,
			  buffer, sizeof buffer, &length, &key, &left) == 0);
		CHECK(verdict == cases[i].verdict && key == cases[i].key && left == cases[i].left);
		CHECK_TEXT(buffer, cases[i].original);
		CHECK(length == strlen(cases[i].original));
	}
	for (size_t size = 1; size < sizeof alice; size++) {
		memset(buffer, 0x55, sizeof buffer);
		verdict = key = left = 77;
		CHECK(batv_config_verify(config, tagged, Z, at, &verdict, buffer, size, &length,
			  &key, &left) == BATV_STATUS_BUFFER_TOO_SMALL);
		CHECK(length == sizeof alice - 1 && verdict == 77 && key == 77 && left == 77);
		CHECK(buffer[0] == 0x55);
	}
	CHECK(batv_config_verify(NULL, tagged, Z, at, &verdict, buffer, 64, NULL, NULL, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_verify(config, NULL, Z, at, &verdict, buffer, 64, NULL, NULL, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_verify(config, tagged, Z, at, NULL, buffer, 64, NULL, NULL, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_verify(config, tagged, Z, at, &verdict, NULL, 64, NULL, NULL, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_verify(config, tagged, Z, -1, &verdict, NULL, 0, NULL, NULL, NULL) ==
	      BATV_STATUS_BAD_VALUE);
	CHECK(batv_config_verify(config, "<>", Z, at, &verdict, NULL, 0, NULL, NULL, NULL) ==
	      BATV_STATUS_BAD_ADDRESS);
	CHECK(batv_config_verify(config, tagged, Z, at, &verdict, NULL, 0, NULL, NULL, NULL) == 0);
	batv_config_free(config);
}

static void
outbound(void)
{
	batv_config *config = opened(domains);
	const char *elsewhere[] = {"bob@example.org", "eve@example.net"};
	const char *ours[] = {"bob@example.test", "<eve@sub.domain.example.test>"};
	const char *mixed[] = {"bob@example.test", "eve@lists.example.org"};
	/* By length the second is at a domain of ours. */
	const char *longer[] = {"bob@example.test", "eve@example.testing"};
	const size_t lengths[] = {16, 16};
	const char *with_null[] = {"bob@example.org", NULL};
	batv_outbound message = {
	    .struct_size = sizeof message, .mail_from = alice, .mail_from_length = Z, .time = at};
	struct {
		batv_outbound message;
		void *added;
	} later = {message, NULL};
	char buffer[128];
	size_t length;
	int reason;

#define OUTBOUND(buffer, size) \
	batv_config_outbound(config, &message, buffer, size, &length, &reason)
	CHECK(OUTBOUND(buffer, sizeof buffer) == 0 && reason == BATV_REASON_SIGNED);
	CHECK_TEXT(buffer, tagged);
	message.recipients = elsewhere;
	message.recipient_count = 2;
	CHECK(OUTBOUND(buffer, sizeof buffer) == 0 && reason == BATV_REASON_SIGNED);
	CHECK_TEXT(buffer, tagged);
	message.recipients = ours;
	CHECK(OUTBOUND(buffer, sizeof buffer) == 0 && reason == BATV_REASON_LOCAL);
	CHECK_TEXT(buffer, alice);
	CHECK(length == sizeof alice - 1);
	message.recipients = mixed;
	CHECK(OUTBOUND(buffer, sizeof buffer) == 0 && reason == BATV_REASON_UNTAGGED_DESTINATION);
	CHECK_TEXT(buffer, alice);
	message.recipients = longer;
	CHECK(OUTBOUND(buffer, sizeof buffer) == 0 && reason == BATV_REASON_SIGNED);
	message.recipient_lengths = lengths;
	CHECK(OUTBOUND(buffer, sizeof buffer) == 0 && reason == BATV_REASON_LOCAL);

	message.recipient_lengths = NULL;
	message.recipients = elsewhere;
	for (size_t size = 1; size < sizeof tagged; size++) {
		memset(buffer, 0x55, sizeof buffer);
		reason = 77;
		CHECK(OUTBOUND(buffer, size) == BATV_STATUS_BUFFER_TOO_SMALL);
		CHECK(length == sizeof tagged - 1 && reason == 77 && buffer[0] == 0x55);
	}
	CHECK(OUTBOUND(NULL, 0) == 0 && reason == BATV_REASON_SIGNED);
	CHECK(OUTBOUND(NULL, 64) == BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "buffer is NULL");
	message.recipients = with_null;
	CHECK(OUTBOUND(buffer, 64) == BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "recipients[1] is NULL");
	message.recipients = NULL;
	CHECK(OUTBOUND(buffer, 64) == BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "recipients is NULL");
	message.recipients = elsewhere;
	message.recipient_count = (size_t)-1 / 2;
	CHECK(OUTBOUND(buffer, 64) == BATV_STATUS_BAD_VALUE);
	message.recipient_count = 0;
	message.time = -1;
	CHECK(OUTBOUND(buffer, 64) == BATV_STATUS_BAD_VALUE);
	message.time = at;
	message.mail_from = NULL;
	CHECK(OUTBOUND(buffer, 64) == BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "mail_from is NULL");
	message.mail_from = alice;
	message.struct_size = sizeof message - 1;
	CHECK(OUTBOUND(buffer, 64) == BATV_STATUS_BAD_VALUE);
	message.struct_size = 0;
	CHECK(OUTBOUND(buffer, 64) == BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "struct_size 0 is not that of outbound");
	message.struct_size = sizeof message;
	CHECK(batv_config_outbound(NULL, &message, buffer, 64, NULL, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(
	    batv_config_outbound(config, NULL, buffer, 64, NULL, NULL) == BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "outbound is NULL");
	CHECK(batv_config_outbound(config, &message, buffer, 64, NULL, NULL) == 0);
#undef OUTBOUND

	/* A program of a later version, on this library. */
	later.message.struct_size = sizeof later;
	CHECK(batv_config_outbound(config, &later.message, buffer, 64, NULL, &reason) == 0);
	CHECK(reason == BATV_REASON_SIGNED);
	later.added = &later;
	CHECK(batv_config_outbound(config, &later.message, buffer, 64, NULL, &reason) ==
	      BATV_STATUS_BAD_VALUE);
	batv_config_free(config);
}

struct inbound_case {
	const char *mail_from, *rcpt_to, *client;
	int trusted;
	uint32_t recipients_before;
	int days;
	int action, reason, monitored;
	const char *address;
};

static void
judge(const batv_config *config, const struct inbound_case *cases, size_t count)
{
	char buffer[128];
	size_t length;

	for (size_t i = 0; i < count; i++) {
		const struct inbound_case *it = &cases[i];
		const batv_inbound recipient = {.struct_size = sizeof recipient,
		    .mail_from = it->mail_from,
		    .mail_from_length = Z,
		    .rcpt_to = it->rcpt_to,
		    .rcpt_to_length = Z,
		    .time = at + it->days * day,
		    .client = it->client,
		    .client_length = Z,
		    .trusted = it->trusted,
		    .recipients_before = it->recipients_before};
		batv_decision decision = {.struct_size = sizeof decision};
		const size_t needed = strlen(it->address);
		const int refused = it->action == BATV_ACTION_REFUSE;

		for (size_t size = 1; size <= needed; size++) {
			memset(buffer, 0x55, sizeof buffer);
			CHECK(batv_config_inbound(config, &recipient, &decision, buffer, size,
				  &length) == BATV_STATUS_BUFFER_TOO_SMALL);
			CHECK(length == needed && decision.action == 0 && buffer[0] == 0x55);
		}
		CHECK(batv_config_inbound(
			  config, &recipient, &decision, buffer, needed + 1, &length) == 0);
		check_that(decision.action == it->action && decision.reason == it->reason &&
			       decision.monitored == it->monitored,
		    it->rcpt_to, __FILE__, __LINE__);
		CHECK_TEXT(buffer, it->address);
		CHECK(length == needed && decision.struct_size == sizeof decision);
		CHECK(decision.reply_code == (refused ? 550 : 0));
		CHECK_TEXT(decision.reply_enhanced, refused ? "5.7.1" : "");
		CHECK((decision.reply_text[0] != '\0') == refused);
	}
}

static void
inbound(void)
{
	enum { ACCEPT = BATV_ACTION_ACCEPT, AS = BATV_ACTION_ACCEPT_AS, NO = BATV_ACTION_REFUSE };
	static const char other[] = "prvs=4001cfc540=bob@example.test";
	static const struct inbound_case cases[] = {
	    {"<>", tagged, NULL, 0, 0, 0, AS, BATV_REASON_PASS, 0, alice},
	    {"", "<prvs=0786864c09=alice@example.test>", NULL, 0, 0, 7, AS, BATV_REASON_PASS, 0,
		"<alice@example.test>"},
	    {"MAILER-DAEMON@mx.example.org", tagged, "198.51.100.1", 0, 3, 0, AS, BATV_REASON_PASS,
		0, alice},
	    {"<>", "prvs=0786864c09=alice", NULL, 0, 0, 0, AS, BATV_REASON_PASS, 0, alice},
	    {"<>", tagged, NULL, 0, 0, 8, NO, BATV_REASON_EXPIRED, 0, ""},
	    {"<>", alice, NULL, 0, 0, 0, NO, BATV_REASON_MISSING, 0, ""},
	    {"<>", alice, "198.51.100.1", 0, 0, 0, NO, BATV_REASON_MISSING, 0, ""},
	    {"<>", alice, "192.0.2.7", 0, 0, 0, ACCEPT, BATV_REASON_CLIENT, 0, alice},
	    {"<>", alice, "::ffff:192.0.2.7", 0, 0, 0, ACCEPT, BATV_REASON_CLIENT, 0, alice},
	    {"<>", alice, "2001:db8::1", 0, 0, 0, ACCEPT, BATV_REASON_CLIENT, 0, alice},
	    {"<>", alice, "2001:db9::1", 0, 0, 0, NO, BATV_REASON_MISSING, 0, ""},
	    {"<>", alice, NULL, 1, 0, 0, ACCEPT, BATV_REASON_CLIENT, 0, alice},
	    {"<>", "prvs=x=alice@example.test", NULL, 0, 0, 0, NO, BATV_REASON_MALFORMED, 0, ""},
	    {"<>", "prvs=1786864c09=alice@example.test", NULL, 0, 0, 0, NO, BATV_REASON_UNKNOWN_KEY,
		0, ""},
	    {"<>", "prvs=0786864c08=alice@example.test", NULL, 0, 0, 0, NO,
		BATV_REASON_BAD_SIGNATURE, 0, ""},
	    {"<>", long_one, NULL, 0, 0, 0, ACCEPT, BATV_REASON_TOO_LONG, 0, long_one},
	    {"<>", "postmaster@example.test", NULL, 0, 0, 0, ACCEPT, BATV_REASON_EXEMPT, 0,
		"postmaster@example.test"},
	    {"<>", "alice@example.org", NULL, 0, 0, 0, ACCEPT, BATV_REASON_NOT_OURS, 0,
		"alice@example.org"},
	    {"<>", "a b@c", NULL, 0, 0, 0, ACCEPT, BATV_REASON_UNREADABLE, 0, "a b@c"},
	    {"bob@example.org", alice, NULL, 0, 0, 0, ACCEPT, BATV_REASON_NOT_A_BOUNCE, 0, alice},
	    {"bob@example.org", other, NULL, 0, 0, 0, AS, BATV_REASON_NOT_A_BOUNCE, 0,
		"bob@example.test"},
	};
	static const struct inbound_case strict_cases[] = {
	    {"<>", tagged, NULL, 0, 0, 0, AS, BATV_REASON_PASS, 0, alice},
	    {"<>", tagged, NULL, 0, 1, 0, NO, BATV_REASON_SECOND_RECIPIENT, 0, ""},
	    {"bob@example.org", tagged, NULL, 0, 0, 0, NO, BATV_REASON_TAGGED_MAIL, 0, ""},
	    {"bob@example.org", alice, NULL, 0, 9, 0, ACCEPT, BATV_REASON_NOT_A_BOUNCE, 0, alice},
	};
	static const struct inbound_case monitored[] = {
	    {"<>", alice, NULL, 0, 0, 0, ACCEPT, BATV_REASON_MISSING, 1, alice},
	    {"<>", tagged, NULL, 0, 0, 8, AS, BATV_REASON_EXPIRED, 1, alice},
	    {"<>", tagged, NULL, 0, 0, 0, AS, BATV_REASON_PASS, 0, alice},
	};
	batv_config *config = opened(domains);
	batv_inbound recipient = {.struct_size = sizeof recipient,
	    .mail_from = "<>",
	    .mail_from_length = 2,
	    .rcpt_to = "alice@example.testing",
	    .rcpt_to_length = 18,
	    .time = at,
	    .client = "192.0.2.70",
	    .client_length = 9};
	struct {
		batv_decision decision;
		uint64_t added;
	} later = {.decision = {.struct_size = sizeof later}, .added = 5};
	batv_decision decision = {.struct_size = sizeof decision};
	batv_decision untouched = decision;
	char buffer[64];

	judge(config, cases, sizeof cases / sizeof *cases);

	/* By length, and a program of a later version. */
	CHECK(batv_config_inbound(config, &recipient, &later.decision, buffer, 64, NULL) == 0);
	CHECK(later.decision.reason == BATV_REASON_CLIENT && later.added == 0);
	CHECK(later.decision.struct_size == sizeof later);
	recipient.client = NULL;
	CHECK(batv_config_inbound(config, &recipient, &decision, buffer, 64, NULL) == 0);
	CHECK(decision.action == BATV_ACTION_REFUSE);
	CHECK_TEXT(decision.reply_text,
	    "Not a bounce of mail sent from here (BATV: the address has no tag)");

#define INBOUND(status) \
	decision = untouched; \
	CHECK(batv_config_inbound(config, &recipient, &decision, buffer, 64, NULL) == (status)); \
	CHECK(memcmp(&decision, &untouched, sizeof decision) == 0)
	recipient.client = "192.0.2.7.example";
	recipient.client_length = Z;
	INBOUND(BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "client '192.0.2.7.example' is no IP address");
	recipient.client = "";
	INBOUND(BATV_STATUS_BAD_VALUE);
	recipient.client = NULL;
	recipient.trusted = 2;
	INBOUND(BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "trusted 2 is not 0 or 1");
	recipient.trusted = 0;
	recipient.time = -1;
	INBOUND(BATV_STATUS_BAD_VALUE);
	recipient.time = at;
	recipient.mail_from = NULL;
	INBOUND(BATV_STATUS_NULL_POINTER);
	recipient.mail_from = "<>";
	recipient.rcpt_to = NULL;
	INBOUND(BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "rcpt_to is NULL");
	recipient.rcpt_to = alice;
	recipient.struct_size = sizeof recipient - 1;
	INBOUND(BATV_STATUS_BAD_VALUE);
	recipient.struct_size = 4096;
	INBOUND(BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "struct_size 4096 is not that of inbound");
	recipient.struct_size = sizeof recipient;
	untouched.struct_size = 0;
	INBOUND(BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "struct_size 0 is not that of decision");
	decision.struct_size = sizeof decision;
#undef INBOUND
	CHECK(batv_config_inbound(NULL, &recipient, &decision, buffer, 64, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_inbound(config, NULL, &decision, buffer, 64, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_inbound(config, &recipient, NULL, buffer, 64, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK_TEXT(batv_last_error(), "decision is NULL");
	CHECK(batv_config_inbound(config, &recipient, &decision, NULL, 64, NULL) ==
	      BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_inbound(config, &recipient, &decision, NULL, 0, NULL) == 0);
	CHECK(decision.action == BATV_ACTION_REFUSE);

	file_write(strict);
	CHECK(batv_config_reload(config) == 0);
	judge(config, strict_cases, sizeof strict_cases / sizeof *strict_cases);
	file_write(monitoring);
	CHECK(batv_config_reload(config) == 0);
	judge(config, monitored, sizeof monitored / sizeof *monitored);
	batv_config_free(config);
}

struct log {
	const batv_config *config;
	char text[1024];
};

/* Keeps "LEVEL LINE" of each line; uses the configuration, and fails at it. */
static void
keep(int level, const char *line, void *user_data)
{
	struct log *log = user_data;
	const size_t used = strlen(log->text);
	char buffer[64];

	snprintf(log->text + used, sizeof log->text - used, "%d %s\n", level, line);
	CHECK(batv_config_sign(log->config, alice, Z, at, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, tagged);
	CHECK(batv_config_refresh(NULL, NULL) == BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_refresh(log->config, NULL) == BATV_STATUS_OK);
	errno = 4712;
}

static void
signs(const batv_config *config, const char *wanted)
{
	char buffer[64];

	CHECK(batv_config_sign(config, alice, Z, at, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, wanted);
}

static void
refresh(void)
{
	static const char by_another_secret[] = "prvs=0786135060=alice@example.test";
	static const char another_secret[] = "[[key]]\n"
					     "number = 0\n"
					     "secret-file = \"key\"\n"
					     "for = [\"example.test\"]\n";
	batv_config *config = opened(domains);
	struct log log = {config, ""};
	char wanted[1024], key[128];
	int changed = 77;
	FILE *file;

	CHECK(batv_config_refresh(NULL, &changed) == BATV_STATUS_NULL_POINTER && changed == 77);
	CHECK(batv_config_reload(NULL) == BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_set_log(NULL, keep, &log) == BATV_STATUS_NULL_POINTER);
	CHECK(batv_config_set_log(config, keep, &log) == BATV_STATUS_OK);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 0);
	CHECK_TEXT(log.text, "");

	/* Good and another one. */
	file_write(strict);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 1);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 0);
	snprintf(wanted, sizeof wanted, "6 %s: configuration loaded\n", file_path);
	CHECK_TEXT(log.text, wanted);
	log.text[0] = '\0';
	CHECK(batv_config_reload(config) == 0);
	CHECK_TEXT(log.text, wanted);

	/* Bad: it is said once, and the old one stays. The detail is not that of the callback. */
	log.text[0] = '\0';
	changed = 77;
	file_write(bad);
	errno = 4711;
	CHECK(batv_config_refresh(config, &changed) == BATV_STATUS_BAD_CONFIG && changed == 77);
	CHECK(errno == 4711);
	CHECK_TEXT(batv_last_error(), faults());
	snprintf(wanted, sizeof wanted,
	    "3 %s:1: lifetme: unknown key; did you mean `lifetime`?\n"
	    "3 %s:3: key[1].number: must be a whole number, 0 to 9\n"
	    "3 %s:7: policy.clients: \"nowhere\" is no address and no network such as "
	    "192.0.2.0/24\n"
	    "3 %s: configuration is bad, the last good one stays\n",
	    file_path, file_path, file_path, file_path);
	CHECK_TEXT(log.text, wanted);
	signs(config, tagged);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 0);
	log.text[0] = '\0';
	CHECK(batv_config_reload(config) == BATV_STATUS_BAD_CONFIG);
	CHECK_TEXT(batv_last_error(), faults());
	CHECK_TEXT(log.text, wanted);
	signs(config, tagged);

	/* Gone, and back. */
	CHECK(unlink(file_path) == 0);
	CHECK(batv_config_refresh(config, NULL) == BATV_STATUS_BAD_FILE);
	signs(config, tagged);
	file_write(strict);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 1);

	/* Without a log; a secret file that changes is seen too. */
	CHECK(batv_config_set_log(config, NULL, NULL) == BATV_STATUS_OK);
	log.text[0] = '\0';
	snprintf(key, sizeof key, "%s/key", file_folder);
	file = fopen(key, "w");
	CHECK(file != NULL && fputs("secret", file) >= 0 && fclose(file) == 0);
	CHECK(chmod(key, 0600) == 0);
	file_write(another_secret);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 1);
	signs(config, tagged);
	file = fopen(key, "w");
	CHECK(file != NULL && fputs("0123456789abcdef0123456789abcdef", file) >= 0);
	CHECK(fclose(file) == 0);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 1);
	signs(config, by_another_secret);
	CHECK(unlink(key) == 0);
	CHECK(batv_config_refresh(config, &changed) == BATV_STATUS_BAD_CONFIG);
	snprintf(wanted, sizeof wanted,
	    "%s:3: key[1].secret-file: %s: No such file or directory (os error 2)", file_path, key);
	CHECK_TEXT(batv_last_error(), wanted);
	signs(config, by_another_secret);
	CHECK_TEXT(log.text, "");
	batv_config_free(config);
}

int
main(void)
{
	file_begin();
	numbers();
	open_and_free();
	sign();
	verify();
	outbound();
	inbound();
	refresh();
	file_end();
	return checked();
}
