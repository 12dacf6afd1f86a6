/* clang-format off */
/*
 * libbatv: the functions that Exim calls through ${dlfunc{libbatv.so.0}{NAME}{ARGUMENT}...}.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Exim finds them by their names; docs/exim.md has configurations. Answers point into an argument,
 * or are valid until the next call in the same thread. If a time is empty or 0, the clock is used.
 */
#ifndef BATV_EXIM_H
#define BATV_EXIM_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Signs an address for Exim. The answer is the address, unchanged if it is not to be signed.
 *
 * argv: keys, which are the path of a configuration file, a text of keys, or the path, a space and such a
 * text; the address; the UNIX time when the message was received, which may be left out.
 *
 * Returns 0, Exim's OK, with the answer in *result, or 3, its ERROR, with the detail there. Thread-safe.
 */
int batv_exim_sign(unsigned char **result, int argc, unsigned char **argv);

/**
 * Judges a recipient for Exim. The answer is empty if it is accepted, else the reply that refuses it.
 *
 * argv: keys, as for batv_exim_sign; sender; recipient; then, each optional together with those
 * after it, the IP address of the client, the UNIX time, and the number of recipients before.
 *
 * Returns 0, Exim's OK, with the answer in *result, or 3, its ERROR, with the detail there. Thread-safe.
 */
int batv_exim_refuse(unsigned char **result, int argc, unsigned char **argv);

/**
 * Gives Exim the address to deliver to. One tag of our own syntaxes comes off an address that has keys,
 * genuine or not: it was judged at RCPT.
 *
 * argv: keys, as for batv_exim_sign; the address.
 *
 * Returns 0, Exim's OK, with the answer in *result, or 3, its ERROR, with the detail there. Thread-safe.
 */
int batv_exim_recipient(unsigned char **result, int argc, unsigned char **argv);

/**
 * Gives Exim the line for the log of what batv_exim_refuse decides.
 *
 * argv: as for batv_exim_refuse.
 *
 * Returns 0, Exim's OK, with the answer in *result, or 3, its ERROR, with the detail there. Thread-safe.
 */
int batv_exim_log_inbound(unsigned char **result, int argc, unsigned char **argv);

/**
 * Gives Exim the line for the log of what batv_exim_sign decides.
 *
 * argv: as for batv_exim_sign.
 *
 * Returns 0, Exim's OK, with the answer in *result, or 3, its ERROR, with the detail there. Thread-safe.
 */
int batv_exim_log_outbound(unsigned char **result, int argc, unsigned char **argv);

/**
 * Gives Exim the word of the verdict on an address, as batv_verdict_text.
 *
 * argv: keys, as for batv_exim_sign; the address; the UNIX time, which may be left out.
 *
 * Returns 0, Exim's OK, with the answer in *result, or 3, its ERROR, with the detail there. Thread-safe.
 */
int batv_exim_verify(unsigned char **result, int argc, unsigned char **argv);

/**
 * Takes the tag of any dialect off an address, for Exim. The answer is the address, unchanged if there
 * is none. It is for greylists and filters, not for delivery.
 *
 * argv: the address.
 *
 * Returns 0, Exim's OK, with the answer in *result, or 3, its ERROR, with the detail there. Thread-safe.
 */
int batv_exim_strip(unsigned char **result, int argc, unsigned char **argv);

#ifdef __cplusplus
}
#endif

#endif
