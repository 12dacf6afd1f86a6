/* Eight threads on one key ring, each with failures of its own; and a child after fork. */
#include "check.h"
#include <batv.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 500 };

static const char alice[] = "alice@example.test";
static const char tagged[] = "prvs=0786864c09=alice@example.test";

/* How often something was not as it should be. */
static int
work(const batv_keyring *keys, int number)
{
	char buffer[64], bad[16], detail[64];
	batv_verdict verdict;
	int faults = 0;

	snprintf(bad, sizeof bad, "%.*s b@c", number, "aaaaaaaa");
	snprintf(detail, sizeof detail, "local-part cannot have ' ' at octet %d", number);
	for (int i = 0; i < ROUNDS; i++) {
		faults += batv_keyring_sign(keys, alice, BATV_NUL_TERMINATED, 1795348800, buffer,
			      sizeof buffer, NULL, NULL) != BATV_STATUS_OK;
		faults += strcmp(buffer, tagged) != 0;
		faults += batv_keyring_sign(keys, bad, BATV_NUL_TERMINATED, 1, buffer,
			      sizeof buffer, NULL, NULL) != BATV_STATUS_BAD_ADDRESS;
		faults += batv_keyring_verify(keys, tagged, BATV_NUL_TERMINATED, 1795348800,
			      &verdict, buffer, sizeof buffer, NULL, NULL, NULL) != BATV_STATUS_OK;
		faults += verdict != BATV_VERDICT_PASS || strcmp(buffer, alice) != 0;
		faults += strcmp(batv_last_error(), detail) != 0;
	}
	return faults;
}

struct job {
	const batv_keyring *keys;
	int number, faults;
};

static void *
run(void *argument)
{
	struct job *job = argument;

	job->faults = work(job->keys, job->number);
	return NULL;
}

int
main(void)
{
	batv_keyring *keys = batv_keyring_new();
	pthread_t threads[THREADS];
	struct job jobs[THREADS];
	int status = -1;

	CHECK(batv_keyring_add(keys, 0, "secret", BATV_NUL_TERMINATED) == 0);
	CHECK(batv_keyring_sign_with(keys, 0) == 0);
	for (int i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){keys, i + 1, -1};
		CHECK(pthread_create(&threads[i], NULL, run, &jobs[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		CHECK(jobs[i].faults == 0);
	}

	const pid_t child = fork();
	if (child == 0)
		_exit(work(keys, 3) != 0);
	CHECK(work(keys, 5) == 0);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	batv_keyring_free(keys);
	return checked();
}
