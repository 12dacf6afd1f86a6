/*
 * Signs and verifies through the C ABI, beside the two SHA-1 blocks that an HMAC needs at least:
 * the very function that the core is compared with. Each round times all of them one after another;
 * what counts is the median of the rounds' ratios, which a busy machine disturbs less than a time.
 * `capi ROUNDS` prints rows for the table.
 */
#include <batv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_ROUNDS = 10000, CALLS = 250 };

static const int64_t when = 1795348800;
static const char address[] = "alice@example.test";

void two_sha1_blocks(void);

static batv_keyring *keys;
static char tagged[64];

static void
sign(void)
{
	char buffer[64];

	if (batv_keyring_sign(keys, address, BATV_NUL_TERMINATED, when, buffer, sizeof buffer, NULL,
		NULL) != BATV_STATUS_OK)
		abort();
}

static void
verify(void)
{
	char buffer[64];
	batv_verdict verdict;

	if (batv_keyring_verify(keys, tagged, BATV_NUL_TERMINATED, when, &verdict, buffer,
		sizeof buffer, NULL, NULL, NULL) != BATV_STATUS_OK ||
	    verdict != BATV_VERDICT_PASS)
		abort();
}

static const struct {
	const char *name;
	double bar;
	void (*run)(void);
} works[] = {
    {"C: sign, 18 octets", 2.2, sign},
    {"C: verify: pass, 18 octets", 2.3, verify},
};

enum { WORKS = sizeof works / sizeof *works };

/* The time that so many calls take, in nanoseconds. */
static double
duration(void (*run)(void))
{
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int call = 0; call < CALLS; call++)
		run();
	clock_gettime(CLOCK_MONOTONIC, &end);
	return 1e9 * (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec);
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	static double ratios[WORKS][MOST_ROUNDS];
	const int rounds = argc > 1 ? atoi(argv[1]) : 0;

	keys = batv_keyring_new();
	if (rounds < 1 || rounds > MOST_ROUNDS ||
	    batv_keyring_add(keys, 0, "secret", BATV_NUL_TERMINATED) != BATV_STATUS_OK ||
	    batv_keyring_sign_with(keys, 0) != BATV_STATUS_OK ||
	    batv_keyring_sign(keys, address, BATV_NUL_TERMINATED, when, tagged, sizeof tagged, NULL,
		NULL) != BATV_STATUS_OK ||
	    strcmp(tagged, "prvs=0786864c09=alice@example.test") != 0)
		return 2;
	for (int round = 0; round < rounds; round++)
		for (int work = 0; work < WORKS; work++) {
			const double floor = duration(two_sha1_blocks);

			ratios[work][round] = duration(works[work].run) / floor;
		}
	batv_keyring_free(keys);
	for (int work = 0; work < WORKS; work++) {
		qsort(ratios[work], (size_t)rounds, sizeof *ratios[work], compare);
		printf("%s\ttwo SHA-1 blocks\t%.2f\t%g\n", works[work].name,
		    ratios[work][rounds / 2], works[work].bar);
	}
	return 0;
}
