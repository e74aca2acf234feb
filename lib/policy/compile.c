/* Compiling a policy: read, merge, check, write each section, lay out the image. */
#include "policy/policy_priv.h"

uint32_t aft__compile_text(aft__compile *cx, aft_str text) {
  if (text.len == 0)
    return 0;
  aft__buf *block = &cx->section[AFT__SECTION_TEXTS];
  uint32_t offset = (uint32_t)block->len;
  if (aft__map_put(&cx->texts, text, offset, &offset) < 0) {
    cx->nomem = true;
    return 0;
  }
  if (offset == block->len) {
    aft__buf_str(block, text);
    aft__buf_char(block, '\0');
    cx->nomem |= block->failed;
  }
  return offset;
}

void *aft__compile_add(aft__compile *cx, aft__section_id id, const void *item) {
  size_t size = aft__section_item(id);
  char *at = aft__buf_grow(&cx->section[id], size);
  if (!at) {
    cx->nomem = true;
    return NULL;
  }
  memcpy(at, item, size);
  return at;
}

uint32_t aft__compile_count(const aft__compile *cx, aft__section_id id) {
  return (uint32_t)(cx->section[id].len / aft__section_item(id));
}

static void set_up(aft__compile *cx, const aft_env *env, aft__arena *arena, aft__faults *faults) {
  memset(cx, 0, sizeof(*cx));
  cx->env = env;
  cx->arena = arena;
  cx->faults = faults;
  aft__map_init(&cx->texts, env);
  for (int i = 0; i < AFT__SECTIONS; i++)
    aft__buf_init(&cx->section[i], env);
  aft__buf_char(&cx->section[AFT__SECTION_TEXTS], '\0'); /* offset 0 is the empty text */
}

static void tear_down(aft__compile *cx) {
  aft__map_done(&cx->texts);
  for (int i = 0; i < AFT__SECTIONS; i++)
    aft__buf_done(&cx->section[i]);
}

static bool failed(const aft__compile *cx) {
  bool any = cx->nomem || cx->faults->nomem;
  for (int i = 0; i < AFT__SECTIONS; i++)
    any |= cx->section[i].failed;
  return any;
}

static bool within_limits(aft__faults *faults, const aft_env *env, const aft_document *documents, size_t n) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < n && i < AFT__POLICY_DOCUMENTS; i++)
    bytes += documents[i].text.len;
  if (n > AFT__POLICY_DOCUMENTS)
    aft__fault_at(faults, AFT_E_POLICY_LIMIT, AFT__NO_DOCUMENT, 0, 0, "the bundle has more than %u documents",
                  AFT__POLICY_DOCUMENTS);
  else if (bytes > env->o.limits.policy_bytes)
    aft__fault_at(faults, AFT_E_POLICY_LIMIT, AFT__NO_DOCUMENT, 0, 0,
                  "the documents together have %llu bytes, more than the limit of %llu",
                  (unsigned long long)bytes, (unsigned long long)env->o.limits.policy_bytes);
  else
    return true;
  return false;
}

/* NULL with faults recorded. */
static const aft__node *merged(aft__compile *cx, const aft_document *documents, size_t n, bool based) {
  aft__faults *faults = cx->faults;
  if (!within_limits(faults, cx->env, documents, n))
    return NULL;
  const aft__node *root = NULL;
  bool all = true;
  for (uint32_t i = 0; i < n; i++) {
    const aft__node *tree = aft__yaml_read(faults, i, cx->env);
    if (!tree) {
      all = false;
      if (faults->nomem)
        return NULL;
      continue;
    }
    if (tree->kind != AFT__NODE_MAP) {
      aft__fault_node(faults, AFT_E_POLICY, tree, "a policy document must be a map of sections");
      all = false;
      continue;
    }
    const aft__node *before = root;
    root = aft__merge(faults, before, tree);
    if (!root)
      return NULL;
    if (based && i == 0)
      cx->built_in = root;
    aft__floors_check(faults, before, root);
  }
  return all ? root : NULL;
}

static void place_section(aft__image *image, aft__section_id id, const aft__buf *from, uint64_t *at) {
  size_t item = aft__section_item(id);
  *at = (*at + 7) & ~(uint64_t)7;
  image->sections[id].offset = *at;
  image->sections[id].item = (uint32_t)item;
  image->sections[id].count = (uint32_t)(from->len / item);
  *at += from->len;
}

/* Of the canonical content: a policy has the same hash in images of all versions. */
static void hash_of(const aft__compile *cx, aft__buf *source, char hex[72]) {
  uint8_t digest[32];
  aft__sha256 sha;
  aft__canonical(cx->root, source);
  aft__sha256_init(&sha);
  aft__sha256_add(&sha, source->data, source->len);
  aft__sha256_end(&sha, digest);
  memset(hex, 0, 72);
  aft__hex(digest, sizeof(digest), hex);
}

static void lay_out(const aft__compile *cx, aft__buf *out) {
  aft__image image;
  aft__buf source;
  memset(&image, 0, sizeof(image));
  memcpy(image.magic, AFT__IMAGE_MAGIC, sizeof(image.magic));
  image.order = AFT__IMAGE_ORDER;
  image.version = AFT__IMAGE_VERSION;
  aft__buf_init(&source, cx->env);
  hash_of(cx, &source, image.hash);
  out->failed |= source.failed;
  aft__buf_done(&source);
  uint64_t at = sizeof(image);
  for (int i = 0; i < AFT__SECTIONS; i++)
    place_section(&image, (aft__section_id)i, &cx->section[i], &at);
  /* behind the empty text */
  image.sections[AFT__SECTION_SOURCE].offset = image.sections[AFT__SECTION_TEXTS].offset + 1;
  image.sections[AFT__SECTION_SOURCE].count = cx->source_size;
  image.size = (at + 7) & ~(uint64_t)7;
  char *block = aft__buf_grow(out, (size_t)image.size);
  if (!block)
    return;
  memset(block, 0, (size_t)image.size);
  for (int i = 0; i < AFT__SECTIONS; i++)
    if (cx->section[i].len > 0)
      memcpy(block + image.sections[i].offset, cx->section[i].data, cx->section[i].len);
  memcpy(block, &image, sizeof(image));
  size_t from = offsetof(aft__image, hash);
  image.checksum = aft__hash64(block + from, (size_t)image.size - from, 0);
  memcpy(block, &image, sizeof(image));
}

/* Known only once every condition is compiled. */
static void note_tests(aft__compile *cx) {
  aft__settings *settings = (aft__settings *)(void *)cx->section[AFT__SECTION_SETTINGS].data;
  if (!settings)
    return;
  settings->tests = cx->tests;
  settings->rule_tests = cx->rule_tests;
  settings->ticket_tests = cx->ticket_tests;
}

/* What decides about tickets; its tests are also known by themselves, so that orders are read only for them.
 */
static void compile_tickets(aft__compile *cx) {
  uint64_t others = cx->tests;
  cx->tests = 0;
  aft__compile_decisions(cx);
  aft__compile_service(cx);
  aft__compile_queues(cx);
  aft__compile_routing(cx);
  aft__compile_tiers(cx);
  aft__compile_collaboration(cx);
  aft__compile_suggestions(cx);
  aft__compile_automations(cx);
  aft__compile_surveys(cx);
  aft__compile_tasks(cx);
  cx->ticket_tests = cx->tests;
  cx->tests |= others;
}

typedef struct given {
  const aft_document *documents;
  size_t n;
  bool based, again;
} given;

static aft_status compile(aft__compile *cx, const given *in, aft__buf *image, aft__buf *report,
                          aft_error *error) {
  cx->root = failed(cx) ? NULL : merged(cx, in->documents, in->n, in->based);
  if (cx->root) {
    aft__schema_check(cx->faults, cx->root);
    aft__source_write(cx);
    aft__compile_triage(cx);
    aft__compile_labels(cx);
    aft__compile_machines(cx);
    aft__compile_calendars(cx);
    compile_tickets(cx);
    aft__compile_cases(cx);
    note_tests(cx);
    aft__compile_forms(cx);
    aft__compile_notices(cx);
    aft__compile_catalogue(cx);
  }
  if (failed(cx))
    return aft__nomem(error);
  AFT__TRY(aft__faults_end(cx->faults, report, error));
  lay_out(cx, image);
  return image->failed ? aft__nomem(error) : AFT_OK;
}

static aft_status compile_all(const aft_env *env, const given *in, aft__buf *image, aft__buf *report,
                              aft_error *error) {
  aft__arena arena;
  aft__faults faults;
  aft__compile cx;
  aft__arena_init(&arena, env);
  aft__faults_init(&faults, &arena, in->documents);
  set_up(&cx, env, &arena, &faults);
  cx.again = in->again;
  aft_status status = compile(&cx, in, image, report, error);
  tear_down(&cx);
  aft__arena_done(&arena);
  return status;
}

aft_status aft__policy_compile(const aft_env *env, const aft_document *documents, size_t n, bool based,
                               aft__buf *image, aft__buf *report, aft_error *error) {
  return compile_all(env, &(given){.documents = documents, .n = n, .based = based}, image, report, error);
}

aft_status aft__policy_compile_again(const aft_env *env, const aft_document *content, aft__buf *image,
                                     aft_error *error) {
  return compile_all(env, &(given){.documents = content, .n = 1, .again = true}, image, NULL, error);
}
