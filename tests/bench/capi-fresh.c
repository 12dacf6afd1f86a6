/*
 * What a fresh process pays: `capi-fresh LIBRARY` opens a library, `capi-fresh LIBRARY verify` is
 * libbatv's first verify too. Prints nanoseconds.
 */
#include <batv.h>
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

static double
nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	const double start = nanoseconds();
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);

	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	if (argc > 2) {
		batv_keyring *(*make)(void);
		int (*add)(batv_keyring *, int, const char *, size_t);
		int (*judge)(const batv_keyring *, const char *, size_t, int64_t, int *, char *,
		    size_t, size_t *, int *, int *);
		int verdict;

		*(void **)&make = dlsym(library, "batv_keyring_new");
		*(void **)&add = dlsym(library, "batv_keyring_add");
		*(void **)&judge = dlsym(library, "batv_keyring_verify");
		batv_keyring *fresh_keys = make();
		if (add(fresh_keys, 0, "secret", BATV_NUL_TERMINATED) != BATV_STATUS_OK ||
		    judge(fresh_keys, "prvs=0786864c09=alice@example.test", BATV_NUL_TERMINATED,
			1795348800, &verdict, NULL, 0, NULL, NULL, NULL) != BATV_STATUS_OK ||
		    verdict != BATV_VERDICT_PASS)
			return 2;
	}
	printf("%.0f\n", nanoseconds() - start);
	return 0;
}
