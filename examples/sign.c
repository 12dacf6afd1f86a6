/* cc sign.c $(pkg-config --cflags --libs batv) && ./a.out */
#include <batv.h>
#include <err.h>
#include <stdio.h>

int
main(void)
{
	const int64_t received = 1795348800; /* UNIX seconds */
	char sender[256], original[256];
	batv_verdict verdict;
	int days_left;

	batv_keyring *keys = batv_keyring_new();
	if (batv_keyring_add(keys, 1, "a secret of 16 octets or more", BATV_NUL_TERMINATED) ||
	    batv_keyring_sign_with(keys, 1) ||
	    batv_keyring_sign(keys, "user@example.com", BATV_NUL_TERMINATED, received, sender,
		sizeof sender, NULL, NULL))
		errx(1, "%s", batv_last_error());
	printf("MAIL FROM:<%s>\n", sender);

	/* Three days later a bounce comes back. */
	if (batv_keyring_verify(keys, sender, BATV_NUL_TERMINATED, received + 3 * 86400, &verdict,
		original, sizeof original, NULL, NULL, &days_left))
		errx(1, "%s", batv_last_error());
	if (verdict == BATV_VERDICT_PASS)
		printf("deliver to %s, %d days left\n", original, days_left);
	else
		printf("550 5.7.1 %s\n", batv_verdict_text(verdict));
	batv_keyring_free(keys);
	return 0;
}
