/*
 * For a library that is built with --cfg batv_panics: every function panics in it. A panic has to
 * become a status in the library as it is linked, in threads too, and says nothing on standard
 * error.
 */
#include "check.h"
#include <batv.h>
#include <pthread.h>

enum { THREADS = 8, ROUNDS = 1000 };

static void *
use(void *argument)
{
	int *faults = argument;
	batv_config *config = NULL;
	batv_parts parts;

	for (int i = 0; i < ROUNDS; i++) {
		*faults += batv_keyring_new() != NULL;
		*faults +=
		    batv_strip("a@b", BATV_NUL_TERMINATED, NULL, &parts) != BATV_STATUS_INTERNAL;
		*faults +=
		    batv_config_open("/", BATV_NUL_TERMINATED, &config) != BATV_STATUS_INTERNAL;
		*faults += strcmp(batv_last_error(), "internal error") != 0;
	}
	*faults += config != NULL;
	return NULL;
}

int
main(void)
{
	pthread_t threads[THREADS];
	int faults[THREADS] = {0};

	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, use, &faults[i]) == 0);
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		CHECK(faults[i] == 0);
	}
	return checked();
}
