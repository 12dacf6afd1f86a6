/*
 * Opened by dlopen and closed again, while a thread that has used the library lives on. The
 * argument is the path of libbatv.so.0.
 */
#include "check.h"
#include "file.h"
#include <batv.h>
#include <dlfcn.h>
#include <pthread.h>

static const char *path;
static pthread_barrier_t used, closed;

/* One whole use of the library; returns the handle. */
static void *
use(void)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	batv_keyring *(*make)(void);
	batv_status (*sign_with)(batv_keyring *, int);
	const char *(*last_error)(void);
	void (*destroy)(batv_keyring *);
	batv_status (*load)(const char *, size_t, batv_config **);
	batv_status (*config_sign)(const batv_config *, const char *, size_t, int64_t, char *,
	    size_t, size_t *, batv_outbound_reason *);
	void (*config_free)(batv_config *);
	batv_config *config;
	char buffer[64];

	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return NULL;
	}
	*(void **)&make = dlsym(library, "batv_keyring_new");
	*(void **)&sign_with = dlsym(library, "batv_keyring_sign_with");
	*(void **)&last_error = dlsym(library, "batv_last_error");
	*(void **)&destroy = dlsym(library, "batv_keyring_free");
	*(void **)&load = dlsym(library, "batv_config_open");
	*(void **)&config_sign = dlsym(library, "batv_config_sign");
	*(void **)&config_free = dlsym(library, "batv_config_free");

	batv_keyring *keys = make();
	CHECK(sign_with(keys, 3) == BATV_STATUS_UNKNOWN_KEY);
	CHECK_TEXT(last_error(), "key ring has no key 3");
	destroy(keys);

	CHECK(load(file_path, BATV_NUL_TERMINATED, &config) == BATV_STATUS_OK);
	CHECK(config_sign(config, "alice@example.test", BATV_NUL_TERMINATED, 1795348800, buffer,
		  sizeof buffer, NULL, NULL) == BATV_STATUS_OK);
	CHECK_TEXT(buffer, "prvs=0786864c09=alice@example.test");
	config_free(config);
	return library;
}

static void *
thread(void *unused)
{
	void *library = use();

	pthread_barrier_wait(&used);
	CHECK(library != NULL && dlclose(library) == 0);
	pthread_barrier_wait(&closed);
	/* The thread's own destructors run after the last dlclose. */
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_t other;

	if (argc != 2) {
		fprintf(stderr, "usage: dlopen libbatv.so.0\n");
		return 2;
	}
	path = argv[1];
	file_begin();
	file_write("[[key]]\nnumber = 0\nsecret = \"secret\"\nfor = [\"example.test\"]\n");
	pthread_barrier_init(&used, NULL, 2);
	pthread_barrier_init(&closed, NULL, 2);
	if (pthread_create(&other, NULL, thread, NULL) != 0)
		return 2;
	pthread_barrier_wait(&used);
	pthread_barrier_wait(&closed);
	CHECK(pthread_join(other, NULL) == 0);
	for (int i = 0; i < 100; i++) {
		void *library = use();
		CHECK(library != NULL && dlclose(library) == 0);
	}
	file_end();
	return checked();
}
