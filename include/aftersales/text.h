/* Text helpers that hosts need at their own edges. */
#ifndef AFTERSALES_TEXT_H
#define AFTERSALES_TEXT_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Masks phone numbers, e-mail addresses, payment card numbers and Chinese
 * identity numbers, for logs and screens.
 *
 * env: memory for the result.
 * text, len: valid UTF-8; AFT_NTS allowed.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_TOO_LARGE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_text_redact(aft_env *env, const char *text, size_t len, aft_buf **out,
                                   aft_error *error);

/*
 * The form in which the library compares texts: NFKC, case folded, full and half
 * width made one, white space runs made one space and dropped at both ends,
 * repetitions of three and more characters shortened to two, digits excepted.
 *
 * env: memory for the result.
 * text, len: valid UTF-8; AFT_NTS allowed.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_TOO_LARGE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_text_normalise(aft_env *env, const char *text, size_t len, aft_buf **out,
                                      aft_error *error);

/*
 * The language of a text: "zh", "en", "ja", "ko", "th", "ru", "ar", "hi", "he",
 * "el", or "und" where it cannot be told.
 *
 * text, len: valid UTF-8; AFT_NTS allowed. Other bytes give "und".
 * Returns: static text.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_text_language(const char *text, size_t len);

/*
 * The columns that a text takes on a terminal: Chinese characters take two.
 *
 * text, len: valid UTF-8; AFT_NTS allowed. Other bytes count one each.
 * Returns: columns; 0 for an empty text.
 * Threads: any.
 * Since: 0.1
 */
AFT_API size_t aft_text_columns(const char *text, size_t len);

#ifdef __cplusplus
}
#endif

#endif
