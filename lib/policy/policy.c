/* The policy object: an image with its owner, and views into it. */
#include "policy/policy_priv.h"

aft_env *aft__policy_env(const aft_policy *policy) { return policy->env; }

static void view_machine(aft_policy *p, const aft__machine *m, aft__flow *flow) {
  uint32_t n = 0;
  flow->texts = p->texts;
  flow->name = p->texts + m->name;
  flow->states = (const aft__flow_state *)aft__section_data(p, AFT__SECTION_STATES, &n) + m->first_state;
  flow->events = (const aft__flow_event *)aft__section_data(p, AFT__SECTION_EVENTS, &n) + m->first_event;
  flow->moves = (const aft__flow_move *)aft__section_data(p, AFT__SECTION_MOVES, &n) + m->first_move;
  flow->effects = (const aft__flow_effect *)aft__section_data(p, AFT__SECTION_EFFECTS, &n) + m->first_effect;
  flow->n_states = m->n_states;
  flow->n_events = m->n_events;
  flow->n_moves = m->n_moves;
  flow->n_effects = m->n_effects;
  flow->initial = m->initial;
}

/* An image that was compiled elsewhere may name a zone that this machine lacks. */
static aft_status view_calendars(aft_policy *p, aft_error *error) {
  uint32_t n = 0;
  const aft__calendar_row *rows = aft__section_data(p, AFT__SECTION_CALENDARS, &n);
  p->calendars = n ? aft__zalloc(p->env, n * sizeof *p->calendars) : NULL;
  if (n && !p->calendars)
    return aft__nomem(error);
  for (; p->n_calendars < n; p->n_calendars++) {
    const aft__calendar_row *row = &rows[p->n_calendars];
    aft__calendar *calendar = &p->calendars[p->n_calendars];
    uint32_t items = 0;
    aft_str name = aft__policy_str(p, row->zone);
    aft_zone *zone = NULL;
    AFT__TRY(aft_zone_open(p->env, name.data, name.len, &zone, error));
    *calendar = (aft__calendar){
        .zone = zone, .hours = aft__section_data(p, AFT__SECTION_HOURS, &items), .n_days = row->n_days};
    memcpy(calendar->week, row->week, sizeof calendar->week);
    calendar->days =
        (const aft__special_day *)aft__section_data(p, AFT__SECTION_DAYS, &items) + row->first_day;
  }
  return AFT_OK;
}

/* The rows of calendars tell how many there are room for. */
static void drop_views(aft_policy *p) {
  uint32_t n = 0;
  (void)aft__section_data(p, AFT__SECTION_CALENDARS, &n);
  for (uint32_t i = 0; i < p->n_calendars; i++)
    aft_zone_unref((aft_zone *)(uintptr_t)p->calendars[i].zone);
  if (p->calendars)
    aft__release(p->env, p->calendars, n * sizeof *p->calendars);
  aft__release(p->env, p->machines, p->n_machines * sizeof(*p->machines));
}

static aft_status view_image(aft_policy *p, aft_error *error) {
  uint32_t n = 0;
  p->image = (const aft__image *)(const void *)p->file.data;
  p->texts = aft__section_data(p, AFT__SECTION_TEXTS, &n);
  p->settings = aft__section_data(p, AFT__SECTION_SETTINGS, &n);
  const aft__machine *machines = aft__section_data(p, AFT__SECTION_MACHINES, &p->n_machines);
  if (p->n_machines == 0)
    return view_calendars(p, error);
  p->machines = aft__zalloc(p->env, p->n_machines * sizeof(*p->machines));
  if (!p->machines)
    return aft__nomem(error);
  for (uint32_t i = 0; i < p->n_machines; i++)
    view_machine(p, &machines[i], &p->machines[i]);
  return view_calendars(p, error);
}

aft_status aft__policy_new(aft_env *env, aft__image_owner owner, const void *image, size_t size, bool trusted,
                           aft_policy **out, aft_error *error) {
  if (!trusted)
    AFT__TRY(aft__image_check(image, size, error));
  aft_policy *p = aft__zalloc(env, sizeof(*p));
  if (!p)
    return aft__nomem(error);
  atomic_init(&p->refs, 1);
  p->env = env;
  p->owner = owner;
  p->file.data = image;
  p->file.size = size;
  aft_status status = view_image(p, error);
  if (status < 0) {
    drop_views(p);
    aft__release(env, p, sizeof(*p));
    return status;
  }
  aft_env_ref(env);
  *out = p;
  return AFT_OK;
}

aft_policy *aft_policy_ref(aft_policy *policy) {
  if (policy)
    atomic_fetch_add_explicit(&policy->refs, 1, memory_order_relaxed);
  return policy;
}

void aft_policy_unref(aft_policy *policy) {
  if (!policy || atomic_fetch_sub_explicit(&policy->refs, 1, memory_order_acq_rel) != 1)
    return;
  aft_env *env = policy->env;
  drop_views(policy);
  if (policy->owner == AFT__IMAGE_HEAP)
    aft__release(env, (void *)(uintptr_t)policy->file.data, policy->file.size);
  else if (policy->owner == AFT__IMAGE_FILE)
    aft__file_unmap(&policy->file);
  aft__release(env, policy, sizeof(*policy));
  aft_env_unref(env);
}

const char *aft_policy_hash(const aft_policy *policy) { return policy ? policy->image->hash : ""; }

aft_status aft_policy_image(const aft_policy *policy, aft_buf **out, aft_error *error) {
  if (!policy || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, policy ? "out" : "policy", "expected a handle, found NULL");
  aft_buf *buf = aft__buf_new(policy->env);
  if (!buf)
    return aft__nomem(error);
  aft__buf_add(buf, policy->file.data, policy->file.size);
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}

static bool is_older(const void *image, size_t size) {
  const aft__image *head = image;
  return size >= offsetof(aft__image, sections) && head->version < AFT__IMAGE_VERSION;
}

aft_status aft_policy_open_image(aft_env *env, const void *image, size_t size, aft_policy **out,
                                 aft_error *error) {
  if (!env || !image || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !env     ? "env"
                      : !image ? "image"
                               : "out",
                      "expected a handle, found NULL");
  if (size < offsetof(aft__image, sections) || size > ((size_t)1 << 30))
    return aft__error(error, AFT_E_POLICY_IMAGE, "policy image", "the bytes are not a compiled policy");
  void *copy = aft__alloc(env, size); /* aligned, whatever the caller's bytes are */
  if (!copy)
    return aft__nomem(error);
  memcpy(copy, image, size);
  bool renew = is_older(copy, size);
  aft_status status = renew ? aft__policy_renew(env, copy, size, out, error)
                            : aft__policy_new(env, AFT__IMAGE_HEAP, copy, size, false, out, error);
  if (status < 0 || renew)
    aft__release(env, copy, size);
  return status;
}

aft_status aft_policy_map_image(aft_env *env, const char *path, aft_policy **out, aft_error *error) {
  if (!env || !path || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !env    ? "env"
                      : !path ? "path"
                              : "out",
                      "expected a handle, found NULL");
  aft__file file = {0};
  AFT__TRY(aft__file_map(&file, path, (size_t)1 << 30, error));
  bool renew = is_older(file.data, file.size);
  aft_status status = renew ? aft__policy_renew(env, file.data, file.size, out, error)
                            : aft__policy_new(env, AFT__IMAGE_FILE, file.data, file.size, false, out, error);
  if (status < 0 || renew)
    aft__file_unmap(&file);
  return status;
}

const aft__flow *aft__policy_machine(const aft_policy *policy, const char *name) {
  for (uint32_t i = 0; i < policy->n_machines; i++)
    if (strcmp(policy->machines[i].name, name) == 0)
      return &policy->machines[i];
  return NULL;
}

const aft__flow *aft__policy_machine_at(const aft_policy *policy, uint32_t index) {
  return index < policy->n_machines ? &policy->machines[index] : NULL;
}

bool aft__policy_category_find(const aft_policy *policy, aft_str name, aft_str *out) {
  uint32_t n = 0;
  const aft__category *categories = aft__section_data(policy, AFT__SECTION_CATEGORIES, &n);
  for (uint32_t i = 0; i < n; i++) {
    aft_str known = aft__policy_str(policy, categories[i].name);
    if (aft__str_eq(known, name)) {
      *out = known;
      return true;
    }
  }
  return false;
}

bool aft__policy_topic_find(const aft_policy *policy, aft_str category, aft_str topic) {
  uint32_t n = 0;
  const aft__topic *topics = aft__section_data(policy, AFT__SECTION_TOPICS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, topics[i].name), topic))
      return aft__str_eq(aft__policy_category(policy, topics[i].category), category);
  return false;
}

uint32_t aft__policy_categories(const aft_policy *policy) {
  uint32_t n = 0;
  aft__section_data(policy, AFT__SECTION_CATEGORIES, &n);
  return n;
}

aft_str aft__policy_category(const aft_policy *policy, uint32_t index) {
  uint32_t n = 0;
  const aft__category *categories = aft__section_data(policy, AFT__SECTION_CATEGORIES, &n);
  return index < n ? aft__policy_str(policy, categories[index].name) : aft__cstr("");
}
