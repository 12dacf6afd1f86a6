/*
 * Signs and verifies through the C ABI, beside the two SHA-1 compressions that are the least a
 * tag costs, and HMAC() of OpenSSL over the same hash-source. Each round times all of them one
 * after another; what counts is the median of the rounds' ratios, which a busy machine disturbs
 * less than a time. A missed bar is exit status 1.
 */
#include <batv.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 401, CALLS = 2000, WORKS = 4 };

/* The bar of sign and of verify, in floors. */
static const double bar = 3.0;

static const int64_t when = 1795348800;
static const char secret[] = "a secret of 16 octets or more";
static const char address[] = "user@example.com";
static const char hash_source[] = "1786user@example.com";

void floor_compressions(uint32_t *state, const uint8_t *blocks);

static batv_keyring *keys;
static char tagged[64];

static void
compressions(void)
{
	static uint32_t state[5];
	static uint8_t blocks[128];

	floor_compressions(state, blocks);
}

static void
openssl_hmac(void)
{
	unsigned char digest[20];

	HMAC(EVP_sha1(), secret, sizeof secret - 1, (const unsigned char *)hash_source,
	    sizeof hash_source - 1, digest, NULL);
}

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

static double
nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, compare);
	return values[ROUNDS / 2];
}

int
main(void)
{
	void (*const works[WORKS])(void) = {compressions, openssl_hmac, sign, verify};
	const char *const names[WORKS] = {
	    "two SHA-1 compressions", "OpenSSL HMAC()", "batv_keyring_sign", "batv_keyring_verify"};
	static double times[WORKS][ROUNDS], floors[WORKS][ROUNDS], openssl[WORKS][ROUNDS];
	int missed = 0;

	keys = batv_keyring_new();
	if (batv_keyring_add(keys, 1, secret, BATV_NUL_TERMINATED) != BATV_STATUS_OK ||
	    batv_keyring_sign_with(keys, 1) != BATV_STATUS_OK ||
	    batv_keyring_sign(keys, address, BATV_NUL_TERMINATED, when, tagged, sizeof tagged, NULL,
		NULL) != BATV_STATUS_OK)
		return 2;
	for (int round = 0; round < ROUNDS; round++) {
		for (int work = 0; work < WORKS; work++) {
			const double start = nanoseconds();

			for (int call = 0; call < CALLS; call++)
				works[work]();
			times[work][round] = (nanoseconds() - start) / CALLS;
		}
		for (int work = 0; work < WORKS; work++) {
			floors[work][round] = times[work][round] / times[0][round];
			openssl[work][round] = times[work][round] / times[1][round];
		}
	}
	batv_keyring_free(keys);
	printf("C ABI                            ns   of floor    bar   of HMAC()\n");
	for (int work = 0; work < WORKS; work++) {
		const double of_floor = median(floors[work]);
		const int judged = works[work] == sign || works[work] == verify;

		printf("%-26s %8.1f %10.2f ", names[work], median(times[work]), of_floor);
		if (judged)
			printf("%6.1f", bar);
		else
			printf("%6s", "");
		printf(" %11.3f%s\n", median(openssl[work]),
		    judged && of_floor > bar ? "  missed" : "");
		missed += judged && of_floor > bar;
	}
	return missed != 0;
}
