/* Loading policies: the library's own, and a caller's documents on top of it. */
#include "policy/policy_priv.h"

#define DOCUMENT_V1 (offsetof(aft_document, text) + sizeof(aft_str))
#define OPTIONS_V1  (offsetof(aft_policy_options, reserved0) + sizeof(uint32_t))

typedef struct bundle {
  aft_env *env;
  aft__arena arena;
  aft__buf defaults;
  aft_document documents[AFT__POLICY_DOCUMENTS];
  size_t count;
  bool based; /* the first document is the default policy */
} bundle;

static aft_status add_document(bundle *b, const void *given, bool copy, aft_error *error) {
  aft_document d;
  AFT__TRY(aft__abi_copy(&d, sizeof(d), given, DOCUMENT_V1, "document", error));
  d.name = aft__str(d.name.data ? d.name.data : "policy", d.name.data ? d.name.len : AFT_NTS);
  d.text = aft__str(d.text.data, d.text.data ? d.text.len : 0);
  AFT__TRY(aft__utf8_require(d.name, "document.name", error));
  if (b->count == AFT__POLICY_DOCUMENTS)
    return aft__error(error, AFT_E_POLICY_LIMIT, "documents", "a bundle has up to %u documents",
                      AFT__POLICY_DOCUMENTS);
  if (d.text.len > b->env->o.limits.policy_bytes)
    return aft__error(error, AFT_E_POLICY_LIMIT, "documents",
                      "a document has %zu bytes, more than the limit of %llu", d.text.len,
                      (unsigned long long)b->env->o.limits.policy_bytes);
  if (copy) {
    d.name = aft__arena_dup(&b->arena, d.name);
    d.text = aft__arena_dup(&b->arena, d.text);
    if (!d.name.data || !d.text.data)
      return aft__nomem(error);
  }
  b->documents[b->count++] = d;
  return AFT_OK;
}

/* The default policy's canonical content stands for the files that it was compiled from. */
static aft_status add_defaults(bundle *b, aft_error *error) {
  aft_document d = {sizeof(d), aft__cstr("default policy"), {NULL, 0}};
  AFT__TRY(aft__image_source(aft__default_image, aft__default_image_size, &b->defaults, error));
  d.text = aft__buf_view(&b->defaults);
  b->documents[b->count++] = d;
  b->based = true;
  return AFT_OK;
}

static aft_status fetch(bundle *b, const aft_policy_options *options, aft_error *error) {
  for (size_t i = 0; options->load; i++) {
    aft_document d = {.size = sizeof d};
    int more = options->load(options->user, i, &d);
    if (more < 0)
      return aft__error(error, AFT_E_CALLBACK, "load", "the loader failed with %d at document %zu", more, i);
    if (more == 0)
      break;
    d.size = sizeof(d);
    AFT__TRY(add_document(b, &d, true, error));
  }
  return AFT_OK;
}

static aft_status gather(bundle *b, const aft_policy_options *options, aft_error *error) {
  if (options->bare > 1)
    return aft__error(error, AFT_E_INVALID, "options.bare", "expected 0 or 1, found %u", options->bare);
  if (options->count > 0 && !options->documents)
    return aft__error(error, AFT_E_INVALID, "options.documents", "expected %zu documents, found NULL",
                      options->count);
  if (!options->bare)
    AFT__TRY(add_defaults(b, error));
  /* The caller's own size is the step from one document to the next. */
  const char *at = (const char *)options->documents;
  for (size_t i = 0; i < options->count; i++) {
    size_t size;
    memcpy(&size, at, sizeof size);
    AFT__TRY(add_document(b, at, false, error));
    at += size;
  }
  return fetch(b, options, error);
}

/* The compiled image becomes a block of the policy's own, of exactly its size. */
static aft_status own(aft_env *env, const aft__buf *image, aft_policy **out, aft_error *error) {
  void *block = aft__alloc(env, image->len);
  if (!block)
    return aft__nomem(error);
  memcpy(block, image->data, image->len);
  aft_status status = aft__policy_new(env, AFT__IMAGE_HEAP, block, image->len, true, out, error);
  if (status < 0)
    aft__release(env, block, image->len);
  return status;
}

static aft_status build(bundle *b, aft_policy **out, aft__buf *report, aft_error *error) {
  aft__buf image;
  aft__buf_init(&image, b->env);
  aft_status status = aft__policy_compile(b->env, b->documents, b->count, b->based, &image, report, error);
  if (status >= 0)
    status = own(b->env, &image, out, error);
  aft__buf_done(&image);
  return status;
}

aft_status aft__policy_renew(aft_env *env, const void *image, size_t size, aft_policy **out,
                             aft_error *error) {
  aft__buf made, source;
  aft_document document = {sizeof document, aft__cstr("policy image"), {0}};
  aft__buf_init(&made, env);
  aft__buf_init(&source, env);
  aft_status status = aft__image_source(image, size, &source, error);
  document.text = aft__buf_view(&source);
  if (status >= 0)
    status = aft__policy_compile_again(env, &document, &made, error);
  if (status >= 0)
    status = own(env, &made, out, error);
  aft__buf_done(&source);
  aft__buf_done(&made);
  return status;
}

static aft_status load(bundle *b, const aft_policy_options *options, aft_policy **out, aft_buf **report,
                       aft_error *error) {
  AFT__TRY(gather(b, options, error));
  aft_buf *lines = report ? aft__buf_new(b->env) : NULL;
  if (report && !lines)
    return aft__nomem(error);
  aft_status status = build(b, out, lines, error);
  if (status < 0 && lines && lines->failed)
    status = aft__nomem(error);
  bool useful = status < 0 && lines && lines->len > 0 && !lines->failed;
  if (useful)
    *report = lines;
  else
    aft_buf_free(lines);
  return status;
}

aft_status aft_policy_load(aft_env *env, const aft_policy_options *options, aft_policy **out,
                           aft_buf **report, aft_error *error) {
  if (!env || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, env ? "out" : "env", "expected a handle, found NULL");
  aft_policy_options o;
  if (!options)
    return aft_policy_default(env, out, error);
  AFT__TRY(aft__abi_copy(&o, sizeof(o), options, OPTIONS_V1, "aft_policy_options", error));
  bundle *b = aft__zalloc(env, sizeof(*b));
  if (!b)
    return aft__nomem(error);
  b->env = env;
  aft__arena_init(&b->arena, env);
  aft__buf_init(&b->defaults, env);
  aft_status status = load(b, &o, out, report, error);
  aft__buf_done(&b->defaults);
  aft__arena_done(&b->arena);
  aft__release(env, b, sizeof(*b));
  return status;
}

aft_status aft_policy_default(aft_env *env, aft_policy **out, aft_error *error) {
  if (!env || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, env ? "out" : "env", "expected a handle, found NULL");
  const aft__image *head = (const aft__image *)(const void *)aft__default_image;
  if (head->order == AFT__IMAGE_ORDER)
    return aft__policy_new(env, AFT__IMAGE_STATIC, aft__default_image, aft__default_image_size, true, out,
                           error);
  /* Built on a machine of another byte order: compiled anew. */
  aft_policy_options o = {sizeof(o), NULL, 0, NULL, NULL, 0, 0};
  return aft_policy_load(env, &o, out, NULL, error);
}
