/* Making a model a tenant's own: judged first, in short reads, then one write that every process sees. */
#include "desk/learning/learn_priv.h"

#define ACTIVATION_V1 (offsetof(aft_activation_in, reserved0) + sizeof(uint32_t))
#define HELD          5000u
#define HELD_MOST     20000u
#define KEPT          10 /* latest models of a tenant whose images stay */
#define ROUNDS        4  /* until the tenant's policy and model stay as they were judged */

/* What a judgement was made beside. */
typedef struct present {
  aft_policy *policy;
  aft_model *model;
  int32_t model_weight, rule_weight;
  int64_t rev; /* of the activation; 0 for none */
} present;

typedef struct takeover {
  aft_activation_in in;
  const aft_model *model;
  char hash[AFT__HASH_SIZE];
  present before;
  aft__judgement judgement;
  bool stale;
} takeover;

static void present_done(present *p) {
  aft_policy_unref(p->policy);
  aft_model_unref(p->model);
  *p = (present){0};
}

static int64_t revision(const aft__cmd *cmd) {
  return cmd->activation ? aft__row_int(cmd->activation, AFT__ACTIVATION_REV) : 0;
}

static void hash_of(const aft_model *model, char out[AFT__HASH_SIZE]) {
  uint8_t digest[32];
  aft__sha256 sha;
  aft_str bytes = aft__model_bytes(model);
  aft__sha256_init(&sha);
  aft__sha256_add(&sha, bytes.data, bytes.len);
  aft__sha256_end(&sha, digest);
  aft__hex(digest, sizeof digest, out);
  out[AFT__HASH_SIZE - 1] = 0;
}

/* ---- before: what the tenant has ---- */

static aft_status look(aft__cmd *cmd, void *given, aft_error *error) {
  takeover *t = given;
  aft_model *model;
  present_done(&t->before);
  AFT__TRY(aft__cmd_model(cmd, &model, error));
  const char *label = aft__model_stranger(t->model, cmd->policy);
  if (label)
    return aft__error(error, AFT_E_INVALID, "model.labels",
                      "the model answers '%.100s', which is no category of "
                      "the policy",
                      label);
  t->before.policy = aft_policy_ref(cmd->policy);
  t->before.rev = revision(cmd);
  if (!model)
    return AFT_OK;
  t->before.model = aft_model_ref(model);
  t->before.model_weight = (int32_t)aft__row_int(cmd->activation, AFT__ACTIVATION_MODEL_WEIGHT);
  t->before.rule_weight = (int32_t)aft__row_int(cmd->activation, AFT__ACTIVATION_RULE_WEIGHT);
  return AFT_OK;
}

static aft_status judge(aft_session *session, const aft_call *call, takeover *t, aft_error *error) {
  aft__examples held;
  const present *p = &t->before;
  aft__examples_open(&held, session, call, aft__cstr(AFT__TASK_CATEGORY), AFT__CORRECTIONS_HELD, t->in.most);
  aft_status status = aft__model_judge(&held, p->policy, p->model, p->model_weight, p->rule_weight, t->model,
                                       &t->judgement, error);
  aft__examples_close(&held);
  AFT__TRY(status);
  uint64_t n = t->judgement.comparison.examples;
  if (n < t->in.least)
    return aft__error(error, AFT_E_INVALID, "activation.least",
                      "expected at least %llu corrections that are held back, found %llu",
                      (unsigned long long)t->in.least, (unsigned long long)n);
  return AFT_OK;
}

/* ---- the write ---- */

static aft_status keep_deployment(aft__cmd *cmd, const takeover *t, aft_id document, aft_id *id,
                                  aft_error *error) {
  const aft_comparison *c = &t->judgement.comparison;
  aft_model_info info = {.size = sizeof info};
  AFT__TRY(aft_model_about(t->model, &info, error));
  *id = aft__tx_id(cmd->tx);
  aft__value row[AFT__DEPLOYMENT_COLUMNS] = {
      [AFT__DEPLOYMENT_ID] = aft__int(*id),
      [AFT__DEPLOYMENT_REV] = aft__int(1),
      [AFT__DEPLOYMENT_TENANT] = aft__int(cmd->call.tenant),
      [AFT__DEPLOYMENT_TASK] = aft__text(aft__cstr(AFT__TASK_CATEGORY)),
      [AFT__DEPLOYMENT_MODEL] = aft__text(aft__cstr(t->hash)),
      [AFT__DEPLOYMENT_DOCUMENT] = aft__int(document),
      [AFT__DEPLOYMENT_EXAMPLES] = aft__int((int64_t)info.examples),
      [AFT__DEPLOYMENT_LABELS] = aft__int(info.labels),
      [AFT__DEPLOYMENT_HELD] = aft__int((int64_t)c->examples),
      [AFT__DEPLOYMENT_BOTH] = aft__int((int64_t)c->both),
      [AFT__DEPLOYMENT_ONLY_OLD] = aft__int((int64_t)c->only_old),
      [AFT__DEPLOYMENT_ONLY_NEW] = aft__int((int64_t)c->only_new),
      [AFT__DEPLOYMENT_FORCED] = aft__int(c->worse),
      [AFT__DEPLOYMENT_MODEL_WEIGHT] = aft__int(t->judgement.model_weight),
      [AFT__DEPLOYMENT_RULE_WEIGHT] = aft__int(t->judgement.rule_weight),
      [AFT__DEPLOYMENT_POLICY] = aft__text(aft__cstr(aft_policy_hash(cmd->policy))),
      [AFT__DEPLOYMENT_ROLE] = aft__int(cmd->call.role),
      [AFT__DEPLOYMENT_ACTOR] = aft__id_or_null(cmd->call.actor),
      [AFT__DEPLOYMENT_CREATED] = aft__int(cmd->now),
  };
  return aft__insert(cmd->tx, &aft__deployment_table, row, NULL, error);
}

static aft_status tell(aft__cmd *cmd, const char *verb, aft_str to, aft_error *error) {
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_ACTIVATION,
                      .subject = cmd->ids[0],
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verb),
                      .to = to};
  return aft__event_next(cmd->tx, &event, error);
}

/* Another deployment, of any tenant, may have the same model. */
static aft_status drop_image(aft__cmd *cmd, aft__value *row, aft_error *error) {
  aft__value **users, *document;
  uint32_t n;
  aft__scan scan = {.table = &aft__deployment_table,
                    .index = AFT__DEPLOYMENT_BY_DOCUMENT,
                    .n_equal = 1,
                    .equal = {row[AFT__DEPLOYMENT_DOCUMENT]},
                    .limit = 2};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &users, &n, error));
  aft_status status = AFT_E_NOT_FOUND;
  if (n == 1)
    status =
        aft__get(cmd->tx, &aft__document_table, aft__row_int(row, AFT__DEPLOYMENT_DOCUMENT), &document, NULL);
  if (status >= 0)
    AFT__TRY(aft__remove(cmd->tx, &aft__document_table, document[AFT__COL_ID].number,
                         document[AFT__COL_REV].number, error));
  row[AFT__DEPLOYMENT_DOCUMENT] = aft__int(0);
  return aft__update(cmd->tx, &aft__deployment_table, row, UINT64_C(1) << AFT__DEPLOYMENT_DOCUMENT, error);
}

static aft_status drop_old_images(aft__cmd *cmd, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__deployment_table,
                    .index = AFT__DEPLOYMENT_BY_TENANT,
                    .n_equal = 1,
                    .equal = {aft__int(cmd->call.tenant)},
                    .descending = true,
                    .limit = KEPT + 2};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = KEPT; i < n; i++)
    if (aft__row_int(rows[i], AFT__DEPLOYMENT_DOCUMENT))
      AFT__TRY(drop_image(cmd, rows[i], error));
  return AFT_OK;
}

static aft_status activate(aft__cmd *cmd, void *given, aft_error *error) {
  takeover *t = given;
  aft_id document, deployment;
  aft__value row[AFT__ACTIVATION_COLUMNS] = {0};
  uint64_t mask = AFT__ACTIVATION_OF_MODEL;
  t->stale = revision(cmd) != t->before.rev ||
             strcmp(aft_policy_hash(cmd->policy), aft_policy_hash(t->before.policy)) != 0;
  if (t->stale) /* no conflict of the store's: the judgement has to be made again */
    return aft__error(error, AFT_E_EXISTS, "activation", "policy or model of the tenant changed meanwhile");
  if (t->judgement.comparison.worse && !t->in.forced)
    return AFT_IGNORED;
  AFT__TRY(aft__anchor(cmd->tx, &aft__tenant_table, cmd->tenant, error));
  AFT__TRY(aft__document_keep(cmd, aft__cstr(t->hash), aft__model_bytes(t->model), &document, error));
  AFT__TRY(keep_deployment(cmd, t, document, &deployment, error));
  if (!cmd->activation) {
    AFT__TRY(aft__activation_policy(cmd, cmd->policy, row, error));
    mask |= AFT__ACTIVATION_OF_POLICY;
  }
  row[AFT__ACTIVATION_DEPLOYMENT] = aft__int(deployment);
  row[AFT__ACTIVATION_MODEL] = aft__text(aft__cstr(t->hash));
  row[AFT__ACTIVATION_MODEL_DOCUMENT] = aft__int(document);
  row[AFT__ACTIVATION_MODEL_WEIGHT] = aft__int(t->judgement.model_weight);
  row[AFT__ACTIVATION_RULE_WEIGHT] = aft__int(t->judgement.rule_weight);
  AFT__TRY(aft__activation_put(cmd, row, mask, error));
  AFT__TRY(drop_old_images(cmd, error));
  return tell(cmd, "model.activated", aft__cstr(t->hash), error);
}

static void activate_digest(aft__sha256 *sha, const void *given) {
  const takeover *t = given;
  aft__digest_str(sha, aft__cstr(t->hash));
  aft__digest_i64(sha, (int64_t)t->in.most);
  aft__digest_i64(sha, (int64_t)t->in.least);
  aft__digest_i64(sha, t->in.forced);
}

static aft_status take_over(aft_session *session, const aft_call *call, takeover *t, aft_error *error) {
  static const aft__command before = {.verb = "model.activate",
                                      .name = "model_before",
                                      .roles = AFT__ROLES_SYSTEM,
                                      .read = true,
                                      .run = look};
  static const aft__command command = {.verb = "model.activate",
                                       .name = "model_activate",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .digest = activate_digest,
                                       .run = activate};
  for (int round = 0; round < ROUNDS; round++) {
    AFT__TRY(aft__command_run(session, call, &before, t, NULL, error));
    AFT__TRY(judge(session, call, t, error));
    aft_status status = aft__command_run(session, call, &command, t, NULL, error);
    if (!t->stale)
      return status;
  }
  return aft__error(error, AFT_E_CONFLICT, "activation",
                    "policy or model of the tenant changed again and again while the model was judged");
}

static aft_status check_in(const aft_activation_in *in, aft_activation_in *out, aft_error *error) {
  *out = (aft_activation_in){.size = sizeof *out};
  if (in)
    AFT__TRY(aft__abi_copy(out, sizeof *out, in, ACTIVATION_V1, "aft_activation_in", error));
  if (out->most > HELD_MOST)
    return aft__error(error, AFT_E_INVALID, "activation.most", "expected at most %u, found %llu", HELD_MOST,
                      (unsigned long long)out->most);
  if (!out->most)
    out->most = HELD;
  return AFT_OK;
}

aft_status aft_model_activate(aft_session *session, const aft_call *call, const aft_model *model,
                              const aft_activation_in *in, aft_comparison *comparison, aft_error *error) {
  takeover t = {.model = model};
  aft_comparison none = {.size = sizeof none}, probe;
  if (!session || !model)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "model" : "session", "the handle is NULL");
  AFT__TRY(check_in(in, &t.in, error));
  if (comparison) { /* a size that is wrong must not show after the write only */
    probe.size = comparison->size;
    AFT__TRY(aft__comparison_give(&none, &probe, error));
  }
  hash_of(model, t.hash);
  aft_status status = take_over(session, call, &t, error);
  present_done(&t.before);
  if (status >= 0 && comparison)
    AFT__TRY(aft__comparison_give(&t.judgement.comparison, comparison, error));
  return status;
}

/* ---- without one ---- */

static aft_status deactivate(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value row[AFT__ACTIVATION_COLUMNS] = {0};
  (void)in;
  if (!cmd->activation || aft__row_null(cmd->activation, AFT__ACTIVATION_MODEL))
    return AFT_IGNORED;
  AFT__TRY(aft__activation_put(cmd, row, AFT__ACTIVATION_OF_MODEL, error));
  return tell(cmd, "model.deactivated", (aft_str){0}, error);
}

static void no_digest(aft__sha256 *sha, const void *in) { (void)sha, (void)in; }

aft_status aft_model_deactivate(aft_session *session, const aft_call *call, aft_error *error) {
  static const aft__command command = {.verb = "model.deactivate",
                                       .name = "model_deactivate",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .digest = no_digest,
                                       .run = deactivate};
  return aft__command_run(session, call, &command, NULL, NULL, error);
}

/* ---- reading ---- */

static aft_status current(aft__cmd *cmd, void *in, aft_error *error) {
  aft_model **out = in, *model;
  AFT__TRY(aft__cmd_model(cmd, &model, error));
  aft_model_unref(*out);
  *out = model ? aft_model_ref(model) : NULL;
  return model ? AFT_OK : aft__error(error, AFT_E_NOT_FOUND, "model", "the tenant has no model");
}

aft_status aft_model_current(aft_session *session, const aft_call *call, aft_model **out, aft_error *error) {
  static const aft__command command = {
      .verb = "model.read", .name = "model_current", .roles = AFT__ROLES_STAFF, .read = true, .run = current};
  aft_model *found = NULL;
  if (!out)
    return aft__error(error, AFT_E_NULL_HANDLE, "out", "the place for the model is NULL");
  aft_status status = aft__command_run(session, call, &command, &found, NULL, error);
  if (status >= 0)
    *out = found;
  else
    aft_model_unref(found);
  return status;
}

static aft_status may_list(aft__cmd *cmd, void *in, aft_error *error) {
  (void)cmd, (void)in, (void)error;
  return AFT_OK;
}

aft_status aft_deployment_list(aft_session *session, const aft_call *call, aft_cursor **out,
                               aft_error *error) {
  static const aft__command command = {.verb = "deployment.list",
                                       .name = "deployment_list",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = may_list};
  AFT__TRY(aft__command_run(session, call, &command, NULL, NULL, error));
  aft__list list = {.kind = AFT_KIND_DEPLOYMENT,
                    .table = &aft__deployment_table,
                    .index = AFT__DEPLOYMENT_BY_TENANT,
                    .n_equal = 1,
                    .equal = {call->tenant},
                    .descending = true};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}
