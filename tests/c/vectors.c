/* Exim's tags, through the C ABI. The argument is tests/vectors/vectors.tsv. */
#include "check.h"
#include <batv.h>
#include <inttypes.h>
#include <stdlib.h>

/* Reads the hexadecimal digits into octets; returns how many. */
static size_t
octets_of(const char *hex, char *octets)
{
	size_t length = 0;
	unsigned octet;

	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		octets[length++] = (char)octet;
	return length;
}

static void
vector(char *line)
{
	char *field[5], secret[128], buffer[512];
	batv_verdict verdict;
	batv_outbound_reason reason;
	batv_dialect dialect;
	int number, left;
	size_t length;

	for (int i = 0; i < 5; i++)
		field[i] = strtok(i == 0 ? line : NULL, "\t\n");
	const int64_t time = strtoll(field[0], NULL, 10);
	const int key = atoi(field[2]);
	const char *address = field[3], *signed_address = field[4];

	batv_keyring *keys = batv_keyring_new();
	CHECK(batv_keyring_add(keys, key, secret, octets_of(field[1], secret)) == 0);
	CHECK(batv_keyring_sign_with(keys, key) == 0);
	CHECK(batv_keyring_set(keys, BATV_SETTING_HASH_CASE, BATV_HASH_CASE_EXACT) == 0);
	CHECK(batv_keyring_set(keys, BATV_SETTING_LONG_LOCAL_PARTS, 1) == 0);

	CHECK(batv_keyring_verify(keys, signed_address, BATV_NUL_TERMINATED, time, &verdict, buffer,
		  sizeof buffer, &length, &number, &left) == 0);
	check_that(verdict == BATV_VERDICT_PASS && number == key && left == 7 &&
		       strcmp(buffer, address) == 0 && length == strlen(address),
	    signed_address, __FILE__, __LINE__);
	CHECK(batv_strip_copy(
		  signed_address, BATV_NUL_TERMINATED, &dialect, buffer, sizeof buffer, NULL) == 0);
	check_that(dialect == BATV_DIALECT_DRAFT && strcmp(buffer, address) == 0, signed_address,
	    __FILE__, __LINE__);

	/* Exim signs what is tagged again, and sets the tag before quotes: there we differ. */
	CHECK(batv_keyring_sign(keys, address, BATV_NUL_TERMINATED, time, buffer, sizeof buffer,
		  &length, &reason) == 0);
	if (strncmp(address, "prvs=0123abcdef=", 16) == 0) {
		CHECK(reason == BATV_OUTBOUND_REASON_TAGGED);
		signed_address = address;
	} else {
		CHECK(reason == BATV_OUTBOUND_REASON_SIGNED);
	}
	if (address[0] != '"')
		check_that(strcmp(buffer, signed_address) == 0 && length == strlen(signed_address),
		    signed_address, __FILE__, __LINE__);
	batv_keyring_free(keys);
}

int
main(int argc, char **argv)
{
	char line[1024];
	int vectors = 0;
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (file == NULL) {
		fprintf(stderr, "usage: vectors vectors.tsv\n");
		return 2;
	}
	for (; fgets(line, sizeof line, file) != NULL; vectors += line[0] != '#')
		if (line[0] != '#')
			vector(line);
	fclose(file);
	CHECK(vectors >= 134);
	return checked();
}
