/* Configurations: decisions, files that are bad, snapshots and the log. The library's own tests
 * have what is refused. The tags are Exim's, but for those whose test says so. */
#include "check.h"
#include "file.h"
#include <batv.h>
#include <errno.h>

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
			      "untagged-clients = [\"192.0.2.0/24\", \"2001:db8::/32\"]\n"
			      "internal-networks = [\"198.51.100.128/25\"]\n";
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
				 "monitor = true\n"
				 "reply = \"See https://example.test/{reason}\"\n";
/* Three faults; none may show what could be the secret. */
static const char bad[] = "lifetme = 7\n"
			  "[[key]]\n"
			  "number = 10\n"
			  "secret = \"hush-hush\"\n"
			  "for = [\"example.test\"]\n"
			  "[policy]\n"
			  "untagged-clients = [\"nowhere\"]\n";

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
	    "%s:1: lifetme: unknown setting; did you mean `lifetime`?\n"
	    "%s:3: key[1].number: must be a whole number, 0 to 9\n"
	    "%s:7: policy.untagged-clients: \"nowhere\" is not an address or a network such as "
	    "192.0.2.0/24",
	    file_path, file_path, file_path);
	return text;
}

static void
numbers(void)
{
	static const struct {
		int reason, number;
		const char *text;
	} outbound[] =
	    {
		{BATV_OUTBOUND_REASON_SIGNED, 1, "signed"},
		{BATV_OUTBOUND_REASON_NULL_SENDER, 2, "null-sender"},
		{BATV_OUTBOUND_REASON_UNREADABLE, 3, "unreadable"},
		{BATV_OUTBOUND_REASON_NOT_OURS, 4, "not-ours"},
		{BATV_OUTBOUND_REASON_EXEMPT, 5, "exempt"},
		{BATV_OUTBOUND_REASON_NOT_INTERNAL, 6, "not-internal"},
		{BATV_OUTBOUND_REASON_LOCAL, 7, "local"},
		{BATV_OUTBOUND_REASON_UNTAGGED_DESTINATION, 8, "untagged-destination"},
		{BATV_OUTBOUND_REASON_TAGGED, 9, "tagged"},
		{BATV_OUTBOUND_REASON_TOO_LONG, 10, "too-long"},
		{BATV_OUTBOUND_REASON_NO_SIGNING_KEY, 11, "no-signing-key"},
	    },
	  inbound[] = {
	      {BATV_INBOUND_REASON_UNREADABLE, 1, "unreadable"},
	      {BATV_INBOUND_REASON_NOT_OURS, 2, "not-ours"},
	      {BATV_INBOUND_REASON_CLIENT, 3, "client"},
	      {BATV_INBOUND_REASON_EXEMPT, 4, "exempt"},
	      {BATV_INBOUND_REASON_NOT_A_BOUNCE, 5, "not-a-bounce"},
	      {BATV_INBOUND_REASON_PASS, 6, "pass"},
	      {BATV_INBOUND_REASON_TOO_LONG, 7, "too-long"},
	      {BATV_INBOUND_REASON_MISSING, 8, "missing"},
	      {BATV_INBOUND_REASON_MALFORMED, 9, "malformed"},
	      {BATV_INBOUND_REASON_UNKNOWN_KEY, 10, "unknown-key"},
	      {BATV_INBOUND_REASON_BAD_SIGNATURE, 11, "bad-signature"},
	      {BATV_INBOUND_REASON_EXPIRED, 12, "expired"},
	      {BATV_INBOUND_REASON_SECOND_RECIPIENT, 13, "second-recipient"},
	      {BATV_INBOUND_REASON_TAGGED_MAIL, 14, "tagged-mail"},
	      {BATV_INBOUND_REASON_NOT_A_REPORT, 15, "not-a-report"},
	  };

	for (size_t i = 0; i < sizeof outbound / sizeof *outbound; i++) {
		CHECK(outbound[i].reason == outbound[i].number);
		CHECK_TEXT(batv_outbound_reason_text(outbound[i].number), outbound[i].text);
	}
	CHECK_TEXT(batv_outbound_reason_text(sizeof outbound / sizeof *outbound + 1), "unknown");
	for (size_t i = 0; i < sizeof inbound / sizeof *inbound; i++) {
		CHECK(inbound[i].reason == inbound[i].number);
		CHECK_TEXT(batv_inbound_reason_text(inbound[i].number), inbound[i].text);
	}
	CHECK_TEXT(batv_inbound_reason_text(sizeof inbound / sizeof *inbound + 1), "unknown");
	CHECK(BATV_ACTION_ACCEPT == 1 && BATV_ACTION_ORIGINAL == 2 && BATV_ACTION_REFUSE == 3);
	CHECK_TEXT(batv_action_text(BATV_ACTION_ACCEPT), "accept");
	CHECK_TEXT(batv_action_text(BATV_ACTION_ORIGINAL), "original");
	CHECK_TEXT(batv_action_text(BATV_ACTION_REFUSE), "refuse");
	CHECK(BATV_LOG_LEVEL_ERROR == 3 && BATV_LOG_LEVEL_INFO == 6);
	CHECK(BATV_LOG_LEVEL_WARNING == 4);
	/* What programs were compiled with must stay: fields are added behind these. */
	CHECK(offsetof(batv_message, recipient_count) == sizeof(batv_message) - sizeof(size_t));
	CHECK(offsetof(batv_recipient, content_type_length) ==
	      sizeof(batv_recipient) - sizeof(size_t));
	CHECK(offsetof(batv_outbound_decision, key_number) ==
	      sizeof(batv_outbound_decision) - sizeof(int));
	CHECK(offsetof(batv_inbound_decision, reply_text) == sizeof(batv_inbound_decision) - 512);
}

static void
open_and_free(void)
{
	batv_config *config = NULL;
	char path[128], detail[256];

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
		batv_outbound_reason reason;
	} cases[] = {
	    {alice, tagged, BATV_OUTBOUND_REASON_SIGNED},
	    {"<@relay:alice@EXAMPLE.TEST>", "<prvs=0786864c09=alice@EXAMPLE.TEST>",
		BATV_OUTBOUND_REASON_SIGNED},
	    {"alice", tagged, BATV_OUTBOUND_REASON_SIGNED},
	    {"a.b.c.d.e@sub.domain.example.test",
		"prvs=078618226f=a.b.c.d.e@sub.domain.example.test", BATV_OUTBOUND_REASON_SIGNED},
	    /* By OpenSSL. */
	    {"alice@other.example.test", "prvs=97860fcf8e=alice@other.example.test",
		BATV_OUTBOUND_REASON_SIGNED},
	    {"", "", BATV_OUTBOUND_REASON_NULL_SENDER},
	    {"<>", "<>", BATV_OUTBOUND_REASON_NULL_SENDER},
	    {"a b@c", "a b@c", BATV_OUTBOUND_REASON_UNREADABLE},
	    {"a@example.org", "a@example.org", BATV_OUTBOUND_REASON_NOT_OURS},
	    {"Postmaster@example.test", "Postmaster@example.test", BATV_OUTBOUND_REASON_EXEMPT},
	    {tagged, tagged, BATV_OUTBOUND_REASON_TAGGED},
	    {long_one, long_one, BATV_OUTBOUND_REASON_TOO_LONG},
	    {"a@old.example.test", "a@old.example.test", BATV_OUTBOUND_REASON_NO_SIGNING_KEY},
	};
	char buffer[128];
	size_t length;
	batv_outbound_reason reason;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const size_t needed = strlen(cases[i].sender);

		CHECK(batv_config_sign(config, cases[i].address, Z, at, buffer, needed + 1, &length,
			  &reason) == 0);
		CHECK_TEXT(buffer, cases[i].sender);
		CHECK(length == needed && reason == cases[i].reason);
	}
	batv_config_free(config);
}

static void
verify(void)
{
	batv_config *config = opened(domains);
	static const struct {
		const char *address;
		int64_t time;
		batv_verdict verdict;
		int key, left;
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
	batv_verdict verdict;
	int key, left;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK(batv_config_verify(config, cases[i].address, Z, cases[i].time, &verdict,
			  buffer, sizeof buffer, &length, &key, &left) == 0);
		CHECK(verdict == cases[i].verdict && key == cases[i].key && left == cases[i].left);
		CHECK_TEXT(buffer, cases[i].original);
		CHECK(length == strlen(cases[i].original));
	}
	CHECK(batv_config_verify(config, "<>", Z, at, &verdict, NULL, 0, NULL, NULL, NULL) ==
	      BATV_STATUS_BAD_ADDRESS);
	batv_config_free(config);
}

static void
outbound(void)
{
	batv_config *config = opened(domains);
	const batv_address elsewhere[] = {{"bob@example.org", Z}, {"eve@example.net", Z}};
	const batv_address ours[] = {{"bob@example.test", Z}, {"<eve@sub.domain.example.test>", Z}};
	const batv_address mixed[] = {{"bob@example.test", Z}, {"eve@lists.example.org", Z}};
	/* By length the second is at a domain of ours. */
	const batv_address longer[] = {{"bob@example.test", 16}, {"eve@example.testing", 16}};
	const struct {
		const batv_address *recipients;
		const char *client;
		int trusted;
		batv_outbound_reason reason;
	} cases[] = {
	    {NULL, NULL, 0, BATV_OUTBOUND_REASON_SIGNED},
	    {elsewhere, NULL, 0, BATV_OUTBOUND_REASON_SIGNED},
	    {ours, NULL, 0, BATV_OUTBOUND_REASON_LOCAL},
	    {mixed, NULL, 0, BATV_OUTBOUND_REASON_UNTAGGED_DESTINATION},
	    {longer, NULL, 0, BATV_OUTBOUND_REASON_LOCAL},
	    {elsewhere, "203.0.113.1", 0, BATV_OUTBOUND_REASON_NOT_INTERNAL},
	    {elsewhere, "203.0.113.1", 1, BATV_OUTBOUND_REASON_SIGNED},
	    {elsewhere, "198.51.100.200", 0, BATV_OUTBOUND_REASON_SIGNED},
	};
	batv_message message = BATV_MESSAGE_INIT;
	batv_outbound_decision decision = BATV_OUTBOUND_DECISION_INIT;
	struct {
		batv_message message;
		void *added;
	} later = {BATV_MESSAGE_INIT, NULL};
	char buffer[128];
	size_t length;

	message.mail_from = alice;
	message.time = at;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const int is_signed = cases[i].reason == BATV_OUTBOUND_REASON_SIGNED;

		message.recipients = cases[i].recipients;
		message.recipient_count = cases[i].recipients == NULL ? 0 : 2;
		message.client = cases[i].client;
		message.trusted = cases[i].trusted;
		CHECK(batv_config_outbound(
			  config, &message, &decision, buffer, sizeof buffer, &length) == 0);
		CHECK_TEXT(batv_outbound_reason_text(decision.reason),
		    batv_outbound_reason_text(cases[i].reason));
		CHECK_TEXT(buffer, is_signed ? tagged : alice);
		CHECK(length == strlen(buffer) && decision.key_number == (is_signed ? 0 : -1));
	}
	message.mail_from = "Alice@other.test";
	message.mail_from_resolved = alice;
	CHECK(batv_config_outbound(config, &message, NULL, buffer, sizeof buffer, NULL) == 0);
	CHECK_TEXT(buffer, tagged);
	CHECK(batv_outbound_log_line(&message, &decision, "4XyZ", Z, buffer, sizeof buffer, NULL) ==
	      0);
	CHECK_TEXT(buffer, "batv: dir=out action=sign reason=signed from=<Alice@other.test> "
			   "client=198.51.100.200 key=0 queue=4XyZ");

	/* A program of a later version, on this library. */
	later.message.struct_size = sizeof later;
	later.message.mail_from = alice;
	later.message.time = at;
	CHECK(batv_config_outbound(config, &later.message, &decision, buffer, 64, NULL) == 0);
	CHECK(decision.reason == BATV_OUTBOUND_REASON_SIGNED);
	later.added = &later;
	CHECK(batv_config_outbound(config, &later.message, &decision, buffer, 64, NULL) ==
	      BATV_STATUS_BAD_VALUE);
	batv_config_free(config);
}

struct inbound_case {
	const char *mail_from, *rcpt_to, *client;
	int trusted;
	uint32_t recipients_before;
	int days;
	batv_action action;
	batv_inbound_reason reason;
	int monitored, key_number, days_left;
	const char *address;
};

static void
judge(const batv_config *config, const struct inbound_case *cases, size_t count)
{
	char buffer[128];
	size_t length;

	for (size_t i = 0; i < count; i++) {
		const struct inbound_case *it = &cases[i];
		batv_recipient recipient = BATV_RECIPIENT_INIT;
		batv_inbound_decision decision = BATV_INBOUND_DECISION_INIT;
		const int refused = it->action == BATV_ACTION_REFUSE;

		recipient.mail_from = it->mail_from;
		recipient.rcpt_to = it->rcpt_to;
		recipient.time = at + it->days * day;
		recipient.client = it->client;
		recipient.trusted = it->trusted;
		recipient.recipients_before = it->recipients_before;
		CHECK(batv_config_inbound(
			  config, &recipient, &decision, buffer, sizeof buffer, &length) == 0);
		check_that(decision.action == it->action && decision.reason == it->reason &&
			       decision.monitored == it->monitored &&
			       decision.key_number == it->key_number &&
			       decision.days_left == it->days_left,
		    it->rcpt_to, __FILE__, __LINE__);
		CHECK_TEXT(buffer, it->address);
		CHECK(length == strlen(it->address) && decision.struct_size == sizeof decision);
		CHECK_TEXT(decision.reply_code, refused ? "550" : "");
		CHECK_TEXT(decision.reply_enhanced, refused ? "5.7.1" : "");
		CHECK((decision.reply_text[0] != '\0') == refused);
	}
}

static void
inbound(void)
{
	enum {
		ACCEPT = BATV_ACTION_ACCEPT,
		ORIGINAL = BATV_ACTION_ORIGINAL,
		NO = BATV_ACTION_REFUSE
	};
	static const char other[] = "prvs=4001cfc540=bob@example.test";
	/* Sender, recipient, client, trusted, recipients before, days later: action, reason,
	 * monitored, key number, days left, address. */
	static const struct inbound_case cases[] = {
	    {"<>", tagged, NULL, 0, 0, 0, ORIGINAL, BATV_INBOUND_REASON_PASS, 0, 0, 7, alice},
	    {"", "<prvs=0786864c09=alice@example.test>", NULL, 0, 0, 7, ORIGINAL,
		BATV_INBOUND_REASON_PASS, 0, 0, 0, "<alice@example.test>"},
	    {"MAILER-DAEMON@mx.example.org", tagged, "198.51.100.1", 0, 3, 0, ORIGINAL,
		BATV_INBOUND_REASON_PASS, 0, 0, 7, alice},
	    {"<>", "prvs=0786864c09=alice", NULL, 0, 0, 0, ORIGINAL, BATV_INBOUND_REASON_PASS, 0, 0,
		7, alice},
	    {"<>", tagged, NULL, 0, 0, 8, NO, BATV_INBOUND_REASON_EXPIRED, 0, 0, -1, ""},
	    {"<>", alice, NULL, 0, 0, 0, NO, BATV_INBOUND_REASON_MISSING, 0, -1, -1, ""},
	    {"<>", alice, "198.51.100.1", 0, 0, 0, NO, BATV_INBOUND_REASON_MISSING, 0, -1, -1, ""},
	    {"<>", alice, "192.0.2.7", 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_CLIENT, 0, -1, -1,
		alice},
	    {"<>", alice, "::ffff:192.0.2.7", 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_CLIENT, 0, -1,
		-1, alice},
	    {"<>", alice, "2001:db8::1", 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_CLIENT, 0, -1, -1,
		alice},
	    {"<>", alice, "2001:db9::1", 0, 0, 0, NO, BATV_INBOUND_REASON_MISSING, 0, -1, -1, ""},
	    {"<>", alice, "198.51.100.200", 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_CLIENT, 0, -1, -1,
		alice},
	    {"<>", alice, NULL, 1, 0, 0, ACCEPT, BATV_INBOUND_REASON_CLIENT, 0, -1, -1, alice},
	    {"<>", "prvs=x=alice@example.test", NULL, 0, 0, 0, NO, BATV_INBOUND_REASON_MALFORMED, 0,
		-1, -1, ""},
	    {"<>", "prvs=1786864c09=alice@example.test", NULL, 0, 0, 0, NO,
		BATV_INBOUND_REASON_UNKNOWN_KEY, 0, 1, 7, ""},
	    {"<>", "prvs=0786864c08=alice@example.test", NULL, 0, 0, 0, NO,
		BATV_INBOUND_REASON_BAD_SIGNATURE, 0, 0, 7, ""},
	    {"<>", long_one, NULL, 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_TOO_LONG, 0, -1, -1,
		long_one},
	    {"<>", "postmaster@example.test", NULL, 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_EXEMPT, 0,
		-1, -1, "postmaster@example.test"},
	    {"<>", "alice@example.org", NULL, 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_NOT_OURS, 0, -1,
		-1, "alice@example.org"},
	    {"<>", "a b@example.test", NULL, 0, 0, 0, NO, BATV_INBOUND_REASON_UNREADABLE, 0, -1, -1,
		""},
	    {"bob@example.org", "a b@example.test", NULL, 0, 0, 0, ACCEPT,
		BATV_INBOUND_REASON_NOT_A_BOUNCE, 0, -1, -1, "a b@example.test"},
	    {"bob@example.org", alice, NULL, 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_NOT_A_BOUNCE, 0,
		-1, -1, alice},
	    {"bob@example.org", other, NULL, 0, 0, 0, ORIGINAL, BATV_INBOUND_REASON_NOT_A_BOUNCE, 0,
		4, -1, "bob@example.test"},
	};
	static const struct inbound_case strict_cases[] = {
	    {"<>", tagged, NULL, 0, 0, 0, ORIGINAL, BATV_INBOUND_REASON_PASS, 0, 0, 7, alice},
	    {"<>", tagged, NULL, 0, 1, 0, NO, BATV_INBOUND_REASON_SECOND_RECIPIENT, 0, 0, 7, ""},
	    {"bob@example.org", tagged, NULL, 0, 0, 0, NO, BATV_INBOUND_REASON_TAGGED_MAIL, 0, 0, 7,
		""},
	    {"bob@example.org", alice, NULL, 0, 9, 0, ACCEPT, BATV_INBOUND_REASON_NOT_A_BOUNCE, 0,
		-1, -1, alice},
	};
	static const struct inbound_case monitored[] = {
	    {"<>", alice, NULL, 0, 0, 0, ACCEPT, BATV_INBOUND_REASON_MISSING, 1, -1, -1, alice},
	    {"<>", tagged, NULL, 0, 0, 8, ORIGINAL, BATV_INBOUND_REASON_EXPIRED, 1, 0, -1, alice},
	    {"<>", tagged, NULL, 0, 0, 0, ORIGINAL, BATV_INBOUND_REASON_PASS, 0, 0, 7, alice},
	};
	batv_config *config = opened(domains);
	batv_recipient recipient = BATV_RECIPIENT_INIT;
	struct {
		batv_inbound_decision decision;
		uint64_t added;
	} later = {BATV_INBOUND_DECISION_INIT, 5};
	batv_inbound_decision decision = BATV_INBOUND_DECISION_INIT;
	const batv_inbound_decision untouched = BATV_INBOUND_DECISION_INIT;
	char buffer[128];

	judge(config, cases, sizeof cases / sizeof *cases);

	/* By length, and a program of a later version. */
	recipient.mail_from = "<>?";
	recipient.mail_from_length = 2;
	recipient.rcpt_to = "alice@example.testing";
	recipient.rcpt_to_length = 18;
	recipient.time = at;
	recipient.client = "192.0.2.70";
	recipient.client_length = 9;
	later.decision.struct_size = sizeof later;
	CHECK(batv_config_inbound(config, &recipient, &later.decision, buffer, 64, NULL) == 0);
	CHECK(later.decision.reason == BATV_INBOUND_REASON_CLIENT && later.added == 0);
	CHECK(later.decision.struct_size == sizeof later);
	recipient.client = "198.51.100.1";
	recipient.client_length = Z;
	CHECK(batv_config_inbound(config, &recipient, &decision, buffer, 64, NULL) == 0);
	CHECK(decision.action == BATV_ACTION_REFUSE);
	CHECK_TEXT(decision.reply_text,
	    "Not a bounce of mail sent from here (BATV: the address has no tag)");
	CHECK(batv_inbound_log_line(&recipient, &decision, NULL, 0, buffer, sizeof buffer, NULL) ==
	      0);
	CHECK_TEXT(buffer,
	    "batv: dir=in action=refuse reason=missing from=<> to=<alice@example.test> "
	    "client=198.51.100.1");
	/* Its header has been read, and is that of something else. */
	recipient.content_type = "multipart/report; report-type=delivery-status";
	CHECK(batv_config_inbound(config, &recipient, &decision, buffer, 64, NULL) == 0);
	CHECK(decision.reason == BATV_INBOUND_REASON_MISSING);
	recipient.content_type_length = strlen("multipart/report");
	CHECK(batv_config_inbound(config, &recipient, &decision, buffer, 64, NULL) == 0);
	CHECK(decision.action == BATV_ACTION_ACCEPT);
	CHECK(decision.reason == BATV_INBOUND_REASON_NOT_A_REPORT);
	CHECK_TEXT(buffer, alice);
	recipient.content_type = NULL;
	/* What the server reads says whose mailbox it is. */
	recipient.rcpt_resolved = "alice@example.org";
	CHECK(batv_config_inbound(config, &recipient, &decision, buffer, 64, NULL) == 0);
	CHECK(decision.reason == BATV_INBOUND_REASON_NOT_OURS);

	/* Nothing is written when it fails. */
	recipient.client = "nowhere";
	decision = untouched;
	CHECK(batv_config_inbound(config, &recipient, &decision, buffer, 64, NULL) ==
	      BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "client 'nowhere' is not an IP address");
	CHECK(memcmp(&decision, &untouched, sizeof decision) == 0);

	file_write(strict);
	CHECK(batv_config_reload(config) == 0);
	judge(config, strict_cases, sizeof strict_cases / sizeof *strict_cases);
	file_write(monitoring);
	CHECK(batv_config_reload(config) == 0);
	judge(config, monitored, sizeof monitored / sizeof *monitored);
	batv_config_free(config);
}

static void
original(void)
{
	batv_config *config = opened(domains);
	static const struct {
		const char *recipient, *original;
	} cases[] = {
	    {alice, alice},
	    {tagged, alice},
	    /* By its shape: neither the key number nor the hash counts. */
	    {"<prvs=9000000000=alice@example.test>", "<alice@example.test>"},
	    {"alice+prvs=0786864c09@example.test", "alice@example.test"},
	    {"prvs=0786864c09=prvs=0786864c09=alice@example.test",
		"prvs=0786864c09=alice@example.test"},
	    {"prvs=0786864c09=alice@example.org", "prvs=0786864c09=alice@example.org"},
	    {"btv1==08501234bcd==alice@example.test", "btv1==08501234bcd==alice@example.test"},
	    {"<>", "<>"},
	    {"not an address", "not an address"},
	};
	char buffer[64];
	size_t length;
	int came_off;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK(batv_config_original(config, cases[i].recipient, Z, buffer, sizeof buffer,
			  &length, &came_off) == 0);
		CHECK_TEXT(buffer, cases[i].original);
		CHECK(length == strlen(buffer));
		CHECK(came_off == (strcmp(cases[i].recipient, cases[i].original) != 0));
	}
	batv_config_free(config);
}

struct log {
	const batv_config *config;
	char text[1024];
};

/* Keeps "LEVEL LINE" of each line; uses the configuration, and fails at it. */
static void
keep(batv_log_level level, const char *line, void *user_data)
{
	struct log *log = user_data;
	const size_t used = strlen(log->text);
	char buffer[64];

	snprintf(log->text + used, sizeof log->text - used, "%d %s\n", (int)level, line);
	CHECK(batv_config_sign(log->config, alice, Z, at, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, tagged);
	CHECK(batv_config_sign(log->config, alice, Z, 0, buffer, sizeof buffer, NULL, NULL) ==
	      BATV_STATUS_BAD_VALUE);
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
	    "3 %s:1: lifetme: unknown setting; did you mean `lifetime`?\n"
	    "3 %s:3: key[1].number: must be a whole number, 0 to 9\n"
	    "3 %s:7: policy.untagged-clients: \"nowhere\" is not an address or a network such as "
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

static void
warn(void)
{
	static const char weak[] = "[[key]]\n"
				   "number = 0\n"
				   "secret = \"secret\"\n"
				   "for = [\"example.test\"]\n"
				   "[policy]\n"
				   "default-domain = \"example.test\"\n";
	batv_config *config = opened(weak);
	struct log log = {config, ""};
	char wanted[512];

	CHECK(batv_config_warn(config, at) == BATV_STATUS_OK);
	CHECK(batv_config_set_log(config, keep, &log) == BATV_STATUS_OK);
	CHECK(batv_config_warn(config, at) == BATV_STATUS_OK);
	snprintf(wanted, sizeof wanted,
	    "4 %s: line 1: the secret of key 0 has fewer than 16 octets and may be guessed: rotate "
	    "it\n",
	    file_path);
	CHECK_TEXT(log.text, wanted);
	CHECK(batv_config_warn(config, 0) == BATV_STATUS_BAD_VALUE);
	batv_config_free(config);
}

/* What the recipients and the end of one message share. */
static void
snapshot(void)
{
	static const char other_key[] = "[[key]]\n"
					"number = 0\n"
					"secret = \"0123456789abcdef0123456789abcdef\"\n"
					"for = [\"example.test\"]\n";
	batv_config *config = opened(domains), *before, *again;
	int changed = 77;

	CHECK(batv_config_snapshot(config, &before) == BATV_STATUS_OK);
	file_write(other_key);
	CHECK(batv_config_refresh(config, &changed) == 0 && changed == 1);
	signs(config, "prvs=0786135060=alice@example.test");
	signs(before, tagged);
	CHECK(batv_config_refresh(before, &changed) == BATV_STATUS_BAD_VALUE);
	CHECK_TEXT(batv_last_error(), "config is a snapshot, which does not change");
	CHECK(batv_config_snapshot(before, &again) == BATV_STATUS_OK);
	batv_config_free(before);
	batv_config_free(config);
	signs(again, tagged);
	batv_config_free(again);
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
	original();
	refresh();
	snapshot();
	warn();
	file_end();
	return checked();
}
