/* Key rings and strip: numbers and results. The library's own tests have what is refused. */
#include "check.h"
#include <batv.h>
#include <errno.h>

#define Z BATV_NUL_TERMINATED

/* Time, secret and tag are Exim's. */
static const int64_t time_signed = 1795348800;
static const int64_t day = 86400;
static const char alice[] = "alice@example.test";
static const char tagged[] = "prvs=0786864c09=alice@example.test";

static batv_keyring *
new_keyring(void)
{
	batv_keyring *keyring = batv_keyring_new();

	CHECK(keyring != NULL);
	CHECK(batv_keyring_add(keyring, 0, "secret", Z) == BATV_STATUS_OK);
	CHECK(batv_keyring_sign_with(keyring, 0) == BATV_STATUS_OK);
	return keyring;
}

static void
library(void)
{
	CHECK_TEXT(batv_version(), BATV_VERSION);
	CHECK(batv_version_number() == BATV_VERSION_NUMBER);

	CHECK_TEXT(batv_status_text(BATV_STATUS_OK), "success");
	CHECK_TEXT(batv_status_text(BATV_STATUS_NO_MEMORY), "out of memory");
	CHECK_TEXT(batv_status_text(BATV_STATUS_NO_MEMORY + 1), "unknown status");
	CHECK_TEXT(batv_verdict_text(BATV_VERDICT_PASS), "pass");
	CHECK_TEXT(batv_dialect_text(BATV_DIALECT_SUB_ADDRESS), "sub-address");
}

/* The numbers that programs were compiled with. */
static void
numbers(void)
{
	CHECK(BATV_STATUS_OK == 0 && BATV_STATUS_NULL_POINTER == 1 && BATV_STATUS_BAD_VALUE == 2);
	CHECK(BATV_STATUS_BAD_ADDRESS == 3 && BATV_STATUS_BAD_SECRET == 4);
	CHECK(BATV_STATUS_UNKNOWN_KEY == 5 && BATV_STATUS_NO_SIGNING_KEY == 6);
	CHECK(BATV_STATUS_BUFFER_TOO_SMALL == 7 && BATV_STATUS_INTERNAL == 8);
	CHECK(BATV_STATUS_BAD_CONFIG == 9 && BATV_STATUS_BAD_FILE == 10);
	CHECK(BATV_STATUS_NO_MEMORY == 11);
	CHECK(BATV_VERDICT_MISSING == 0 && BATV_VERDICT_MALFORMED == 1);
	CHECK(BATV_VERDICT_UNKNOWN_KEY == 2 && BATV_VERDICT_BAD_SIGNATURE == 3);
	CHECK(BATV_VERDICT_EXPIRED == 4 && BATV_VERDICT_PASS == 5);
	CHECK(sizeof(batv_status) == 4 && sizeof(batv_verdict) == 4);
	CHECK(BATV_SETTING_LIFETIME == 0 && BATV_SETTING_SYNTAX == 1);
	CHECK(BATV_SETTING_DELIMITER == 2 && BATV_SETTING_HASH_CASE == 3);
	CHECK(BATV_SETTING_LONG_LOCAL_PARTS == 4);
	CHECK(BATV_SYNTAX_PREFIX == 0 && BATV_SYNTAX_SUB_ADDRESS == 1);
	CHECK(BATV_HASH_CASE_FOLD == 0 && BATV_HASH_CASE_EXACT == 1);
	CHECK(BATV_DIALECT_NONE == 0 && BATV_DIALECT_DRAFT == 1 && BATV_DIALECT_IRONPORT == 2);
	CHECK(BATV_DIALECT_SWAPPED == 3 && BATV_DIALECT_SLASH == 4);
	CHECK(BATV_DIALECT_SUB_ADDRESS == 5 && BATV_DIALECT_BARRACUDA == 6);
	CHECK(BATV_DIALECT_SPARKPOST == 7);
}

static void
keyring(void)
{
	batv_keyring *keys = new_keyring();
	char buffer[64];

	CHECK(batv_keyring_add(keys, 0, "", Z) == BATV_STATUS_BAD_SECRET);
	CHECK(batv_keyring_add(keys, 0, "x", 0) == BATV_STATUS_BAD_SECRET);
	CHECK(batv_keyring_sign_with(keys, 1) == BATV_STATUS_UNKNOWN_KEY);
	CHECK_TEXT(batv_last_error(), "key ring has no key 1");

	/* None of that changed the key ring. */
	CHECK(
	    batv_keyring_sign(keys, alice, Z, time_signed, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, tagged);
	batv_keyring_free(keys);

	/* A key ring that has secrets but none that signs. */
	keys = batv_keyring_new();
	CHECK(batv_keyring_add(keys, 0, "secret", 6) == 0);
	CHECK(batv_keyring_sign(keys, alice, Z, time_signed, buffer, sizeof buffer, NULL, NULL) ==
	      BATV_STATUS_NO_SIGNING_KEY);
	batv_keyring_free(keys);
}

static void
settings(void)
{
	batv_keyring *keys = new_keyring();
	char buffer[128];
	batv_verdict verdict;
	batv_outbound_reason reason;
	int left;

	/* One day more is the tag of one day later. */
	CHECK(batv_keyring_set(keys, BATV_SETTING_LIFETIME, 8) == 0);
	CHECK(batv_keyring_sign(
		  keys, alice, Z, time_signed - day, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, tagged);
	CHECK(batv_keyring_set(keys, BATV_SETTING_LIFETIME, 7) == 0);

	CHECK(batv_keyring_set(keys, BATV_SETTING_SYNTAX, BATV_SYNTAX_SUB_ADDRESS) == 0);
	CHECK(
	    batv_keyring_sign(keys, alice, Z, time_signed, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, "alice+prvs=0786864c09@example.test");
	CHECK(batv_keyring_set(keys, BATV_SETTING_DELIMITER, '-') == 0);
	CHECK(
	    batv_keyring_sign(keys, alice, Z, time_signed, buffer, sizeof buffer, NULL, NULL) == 0);
	CHECK_TEXT(buffer, "alice-prvs=0786864c09@example.test");
	CHECK(batv_keyring_verify(
		  keys, buffer, Z, time_signed, &verdict, NULL, 0, NULL, NULL, &left) == 0);
	CHECK(verdict == BATV_VERDICT_PASS && left == 7);
	CHECK(batv_keyring_set(keys, BATV_SETTING_SYNTAX, BATV_SYNTAX_PREFIX) == 0);

	/* Exim's tags for these two writings. */
	CHECK(batv_keyring_sign(keys, "Alice@Example.Test", Z, time_signed, buffer, sizeof buffer,
		  NULL, NULL) == 0);
	CHECK_TEXT(buffer, "prvs=0786864c09=Alice@Example.Test");
	CHECK(batv_keyring_set(keys, BATV_SETTING_HASH_CASE, BATV_HASH_CASE_EXACT) == 0);
	CHECK(batv_keyring_sign(keys, "alice@Example.Test", Z, time_signed, buffer, sizeof buffer,
		  NULL, NULL) == 0);
	CHECK_TEXT(buffer, "prvs=0786489312=alice@Example.Test");
	CHECK(batv_keyring_set(keys, BATV_SETTING_HASH_CASE, BATV_HASH_CASE_FOLD) == 0);

	/* 48 octets and the tag are 64, 49 are too many. */
	const char *fits = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@d";
	const char *long_one = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@d";
	CHECK(batv_keyring_sign(keys, fits, Z, 1, buffer, sizeof buffer, NULL, &reason) == 0);
	CHECK(reason == BATV_OUTBOUND_REASON_SIGNED &&
	      strlen(buffer) == strlen(fits) + BATV_TAG_LENGTH);
	CHECK(batv_keyring_sign(keys, long_one, Z, 1, buffer, sizeof buffer, NULL, &reason) == 0);
	CHECK(reason == BATV_OUTBOUND_REASON_TOO_LONG);
	CHECK_TEXT(buffer, long_one);
	CHECK(batv_keyring_set(keys, BATV_SETTING_LONG_LOCAL_PARTS, 1) == 0);
	CHECK(batv_keyring_sign(keys, long_one, Z, 1, buffer, sizeof buffer, NULL, &reason) == 0);
	CHECK(reason == BATV_OUTBOUND_REASON_SIGNED &&
	      strlen(buffer) == strlen(long_one) + BATV_TAG_LENGTH);
	CHECK(batv_keyring_set(keys, BATV_SETTING_LONG_LOCAL_PARTS, 0) == 0);
	CHECK(batv_keyring_sign(keys, long_one, Z, 1, buffer, sizeof buffer, NULL, &reason) == 0);
	CHECK(reason == BATV_OUTBOUND_REASON_TOO_LONG);
	batv_keyring_free(keys);
}

static void
sign(void)
{
	batv_keyring *keys = new_keyring();
	char buffer[64];
	size_t length;
	batv_outbound_reason reason;

	CHECK(batv_keyring_sign(keys, "no at sign", Z, 1, buffer, 64, NULL, NULL) ==
	      BATV_STATUS_BAD_ADDRESS);
	CHECK_TEXT(batv_last_error(), "local-part cannot have ' ' at octet 2");

	/* By length: what stands behind is not read. */
	CHECK(batv_keyring_sign(keys, "alice@example.testing", 18, time_signed, buffer, 64, &length,
		  &reason) == 0);
	CHECK_TEXT(buffer, tagged);
	CHECK(length == sizeof tagged - 1 && reason == BATV_OUTBOUND_REASON_SIGNED);

	/* What stays as it is. */
	CHECK(batv_keyring_sign(keys, "", Z, 1, buffer, 64, &length, &reason) == 0);
	CHECK(length == 0 && buffer[0] == '\0' && reason == BATV_OUTBOUND_REASON_NULL_SENDER);
	CHECK(batv_keyring_sign(keys, "<>", Z, 1, buffer, 64, &length, &reason) == 0);
	CHECK(length == 2 && reason == BATV_OUTBOUND_REASON_NULL_SENDER);
	CHECK_TEXT(buffer, "<>");
	CHECK(batv_keyring_sign(keys, tagged, Z, 1, buffer, 64, &length, &reason) == 0);
	CHECK(reason == BATV_OUTBOUND_REASON_TAGGED);
	CHECK_TEXT(buffer, tagged);

	/* Angle brackets stay. */
	CHECK(batv_keyring_sign(
		  keys, "<alice@example.test>", Z, time_signed, buffer, 64, NULL, NULL) == 0);
	CHECK_TEXT(buffer, "<prvs=0786864c09=alice@example.test>");
	CHECK(batv_keyring_sign(keys, alice, Z, time_signed, NULL, 0, &length, NULL) == 0);
	CHECK(length == sizeof tagged - 1);
	batv_keyring_free(keys);
}

static void
verify(void)
{
	batv_keyring *keys = new_keyring();
	char buffer[64];
	size_t length;
	batv_verdict verdict;
	int key, left;

	CHECK(batv_keyring_verify(keys, "<>", Z, 1, &verdict, buffer, 64, NULL, NULL, NULL) ==
	      BATV_STATUS_BAD_ADDRESS);
	CHECK_TEXT(batv_last_error(), "null reverse-path has no address");

	const struct {
		const char *address;
		int days;
		batv_verdict verdict;
		int key, left;
		const char *original;
	} cases[] = {
	    {tagged, 0, BATV_VERDICT_PASS, 0, 7, alice},
	    {tagged, 7, BATV_VERDICT_PASS, 0, 0, alice},
	    {tagged, 8, BATV_VERDICT_EXPIRED, 0, 0, alice},
	    {tagged, 1007, BATV_VERDICT_PASS, 0, 0, alice},
	    {"PRVS=0786864C09=ALICE@EXAMPLE.TEST", 1, BATV_VERDICT_PASS, 0, 6,
		"ALICE@EXAMPLE.TEST"},
	    {"<prvs=0786864c09=alice@example.test>", 1, BATV_VERDICT_PASS, 0, 6,
		"<alice@example.test>"},
	    {alice, 0, BATV_VERDICT_MISSING, -1, -1, ""},
	    {"prvs=0786864c0=alice@example.test", 0, BATV_VERDICT_MALFORMED, -1, -1, ""},
	    {"prvs=1786864c09=alice@example.test", 0, BATV_VERDICT_UNKNOWN_KEY, -1, -1, ""},
	    {"prvs=0786864c08=alice@example.test", 0, BATV_VERDICT_BAD_SIGNATURE, -1, -1, ""},
	    {"prvs=0787864c09=alice@example.test", 99, BATV_VERDICT_BAD_SIGNATURE, -1, -1, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const int64_t now = time_signed + cases[i].days * day;
		CHECK(batv_keyring_verify(keys, cases[i].address, Z, now, &verdict, buffer, 64,
			  &length, &key, &left) == 0);
		CHECK(verdict == cases[i].verdict && key == cases[i].key && left == cases[i].left);
		CHECK_TEXT(buffer, cases[i].original);
		CHECK(length == strlen(cases[i].original));
	}
	batv_keyring_free(keys);
}

static void
strip(void)
{
	/* The dialects as they are seen from their makers, in brackets and quotes too. */
	const struct {
		const char *address;
		batv_dialect dialect;
		const char *original;
		size_t count;
		batv_part part[3];
	} cases[] = {
	    {alice, BATV_DIALECT_NONE, alice, 1, {{0, 18}}},
	    {"", BATV_DIALECT_NONE, "", 0, {{0, 0}}},
	    {"<>", BATV_DIALECT_NONE, "<>", 1, {{0, 2}}},
	    {"prvs=abc@example.test", BATV_DIALECT_NONE, "prvs=abc@example.test", 1, {{0, 21}}},
	    {tagged, BATV_DIALECT_DRAFT, alice, 1, {{16, 18}}},
	    {"<prvs=0786864c09=a@b>", BATV_DIALECT_DRAFT, "<a@b>", 2, {{0, 1}, {17, 4}}},
	    {"\"prvs=0786864c09=a b\"@c", BATV_DIALECT_DRAFT, "\"a b\"@c", 2, {{0, 1}, {17, 6}}},
	    {"prvs=123abcdef=a@b", BATV_DIALECT_IRONPORT, "a@b", 1, {{15, 3}}},
	    {"prvs=a=0786864c09@b", BATV_DIALECT_SWAPPED, "a@b", 2, {{5, 1}, {17, 2}}},
	    {"<prvs=a=0786864c09@b>", BATV_DIALECT_SWAPPED, "<a@b>", 3, {{0, 1}, {6, 1}, {18, 3}}},
	    {"prvs=a=123abcdef@b", BATV_DIALECT_SWAPPED, "a@b", 2, {{5, 1}, {16, 2}}},
	    {"prvs=a/0786864c09@b", BATV_DIALECT_SLASH, "a@b", 2, {{5, 1}, {17, 2}}},
	    {"a+prvs=0786864c09@b", BATV_DIALECT_SUB_ADDRESS, "a@b", 2, {{0, 1}, {17, 2}}},
	    {"btv1==08501234bcd==a@b", BATV_DIALECT_BARRACUDA, "a@b", 1, {{19, 3}}},
	    {"msprvs1=18000AbCd-_12=a@b", BATV_DIALECT_SPARKPOST, "a@b", 1, {{22, 3}}},
	};
	char buffer[64];
	size_t length;
	batv_parts parts;
	batv_dialect dialect;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const size_t needed = strlen(cases[i].original);

		memset(&parts, 0x55, sizeof parts);
		CHECK(batv_strip(cases[i].address, Z, &dialect, &parts) == 0);
		CHECK(dialect == cases[i].dialect && parts.count == cases[i].count);
		for (size_t j = 0; j < 3; j++)
			CHECK(parts.part[j].offset == cases[i].part[j].offset &&
			      parts.part[j].length == cases[i].part[j].length);
		CHECK(batv_strip_copy(cases[i].address, Z, &dialect, buffer, needed + 1, &length) ==
		      0);
		CHECK(dialect == cases[i].dialect && length == needed);
		CHECK_TEXT(buffer, cases[i].original);
	}

	/* By length. */
	CHECK(batv_strip("prvs=0786864c09=a@bcd", 19, NULL, &parts) == 0);
	CHECK(parts.count == 1 && parts.part[0].offset == 16 && parts.part[0].length == 3);

	CHECK(batv_strip("@", Z, &dialect, &parts) == BATV_STATUS_BAD_ADDRESS);
	CHECK(batv_strip_copy("@", Z, &dialect, buffer, 64, NULL) == BATV_STATUS_BAD_ADDRESS);
}

int
main(void)
{
	CHECK_TEXT(batv_last_error(), "");
	errno = 4711;
	library();
	numbers();
	keyring();
	settings();
	sign();
	verify();
	strip();
	CHECK(errno == 4711);
	return checked();
}
