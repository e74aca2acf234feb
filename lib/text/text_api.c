/* The public text functions. */
#include "text/text.h"

#include <aftersales/text.h>

typedef aft_status (*transform)(aft__buf *out, aft_str text, aft_error *error);

static aft_status redact(aft__buf *out, aft_str text, aft_error *error) {
  return aft__redact(out, text, NULL, error);
}

static aft_status check_input(const aft_env *env, const char *text, size_t len, aft_str *view,
                              aft_error *error) {
  if (!env)
    return aft__error(error, AFT_E_NULL_HANDLE, "env", "expected an environment, found NULL");
  if (!text && len != 0 && len != AFT_NTS)
    return aft__error(error, AFT_E_INVALID, "text", "expected text of %zu bytes, found NULL", len);
  *view = aft__str(text, len);
  if (view->len > env->o.limits.text_bytes)
    return aft__error(error, AFT_E_TOO_LARGE, "text", "expected at most %llu bytes, found %zu",
                      (unsigned long long)env->o.limits.text_bytes, view->len);
  return aft__utf8_require(*view, "text", error);
}

static aft_status run(aft_env *env, const char *text, size_t len, transform fn, aft_buf **out,
                      aft_error *error) {
  aft_str view;
  if (!out)
    return aft__error(error, AFT_E_INVALID, "out", "expected a place for the result, found NULL");
  *out = NULL;
  AFT__TRY(check_input(env, text, len, &view, error));
  aft_buf *buf = aft__buf_new(env);
  if (!buf)
    return aft__nomem(error);
  aft_status status = fn(buf, view, error);
  if (status < 0) {
    aft_buf_free(buf);
    return status;
  }
  *out = buf;
  return AFT_OK;
}

aft_status aft_text_redact(aft_env *env, const char *text, size_t len, aft_buf **out, aft_error *error) {
  return run(env, text, len, redact, out, error);
}

aft_status aft_text_normalise(aft_env *env, const char *text, size_t len, aft_buf **out, aft_error *error) {
  return run(env, text, len, aft__normalise, out, error);
}

const char *aft_text_language(const char *text, size_t len) {
  if (!text)
    return "und";
  aft_str view = aft__str(text, len);
  return aft__utf8_check(view, NULL) < 0 ? "und" : aft__language(view);
}

size_t aft_text_columns(const char *text, size_t len) {
  return text ? aft__utf8_columns(aft__str(text, len)) : 0;
}
