/*
 * What a fresh process pays: `capi-fresh LIBRARY` opens a library, `capi-fresh LIBRARY FILE` also
 * opens a configuration with libbatv and verifies for the first time. Prints nanoseconds.
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
		batv_status (*load)(const char *, size_t, batv_config **);
		batv_status (*judge)(const batv_config *, const char *, size_t, int64_t,
		    batv_verdict *, char *, size_t, size_t *, int *, int *);
		batv_config *config;
		batv_verdict verdict;

		*(void **)&load = dlsym(library, "batv_config_open");
		*(void **)&judge = dlsym(library, "batv_config_verify");
		if (load(argv[2], BATV_NUL_TERMINATED, &config) != BATV_STATUS_OK ||
		    judge(config, "prvs=0786864c09=alice@example.test", BATV_NUL_TERMINATED,
			1795348800, &verdict, NULL, 0, NULL, NULL, NULL) != BATV_STATUS_OK ||
		    verdict != BATV_VERDICT_PASS)
			return 2;
	}
	printf("%.0f\n", nanoseconds() - start);
	return 0;
}
