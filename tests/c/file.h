/* Configuration files for tests, in a folder of their own. */
#ifndef FILE_H
#define FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char file_folder[] = "/tmp/batv-test-XXXXXX", file_path[64];

static inline void
file_end(void)
{
	unlink(file_path);
	rmdir(file_folder);
}

/* Makes the folder; the file is named in file_path. */
static inline void
file_begin(void)
{
	if (mkdtemp(file_folder) == NULL)
		abort();
	snprintf(file_path, sizeof file_path, "%s/batv.toml", file_folder);
}

/* Replaces the file at once, as an editor does. */
static inline void
file_write(const char *text)
{
	char made[sizeof file_path + 4];
	FILE *file;

	snprintf(made, sizeof made, "%s.new", file_path);
	file = fopen(made, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 || chmod(made, 0600) != 0 ||
	    rename(made, file_path) != 0)
		abort();
}

#endif
