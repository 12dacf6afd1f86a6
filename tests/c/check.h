/* Counts what holds and names what does not. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

static int passed, failed;

static inline void
check_that(int holds, const char *what, const char *file, int line)
{
	if (holds) {
		passed++;
	} else {
		failed++;
		fprintf(stderr, "%s:%d: %s\n", file, line, what);
	}
}

static inline void
check_text(const char *text, const char *wanted, const char *file, int line)
{
	check_that(strcmp(text, wanted) == 0, text, file, line);
}

#define CHECK(condition) check_that((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_TEXT(text, wanted) check_text(text, wanted, __FILE__, __LINE__)

/* What main returns. */
static inline int
checked(void)
{
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}

#endif
