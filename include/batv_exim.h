/* clang-format off */
/*
 * libbatv: the functions that Exim calls through ${dlfunc{libbatv.so.0}{NAME}{ARGUMENT}...}.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Exim finds them by their names; docs/exim.md describes their arguments. Each returns 0, Exim's OK,
 * with its answer in *result; or 3, ERROR, with the detail there. Answers lie inside an argument, or
 * are valid until the next call in the same thread.
 */
#ifndef BATV_EXIM_H
#define BATV_EXIM_H

#ifdef __cplusplus
extern "C" {
#endif

/* keys, address [, time] */
int batv_exim_sign(unsigned char **result, int argc, unsigned char **argv);
int batv_exim_verify(unsigned char **result, int argc, unsigned char **argv);
int batv_exim_log_outbound(unsigned char **result, int argc, unsigned char **argv);

/* address */
int batv_exim_strip(unsigned char **result, int argc, unsigned char **argv);

/* keys, address */
int batv_exim_recipient(unsigned char **result, int argc, unsigned char **argv);

/* keys, sender, recipient [, client [, time [, recipients before it]]] */
int batv_exim_refuse(unsigned char **result, int argc, unsigned char **argv);
int batv_exim_log_inbound(unsigned char **result, int argc, unsigned char **argv);

#ifdef __cplusplus
}
#endif

#endif
