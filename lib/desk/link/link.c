/* Signed links: made, opened and taken back. The store knows whom each lets in, to what and until when. */
#include "desk/link/link_priv.h"
#include "desk/survey/survey_priv.h"

#define IN_V1     (offsetof(aft_link_in, lifetime) + sizeof(int64_t))
#define OPENED_V1 (offsetof(aft_link_opened, expires) + sizeof(aft_time))
#define MOST_TEXT 1024

typedef struct making {
  aft_link_in in;
  const aft_link_keys *keys;
} making;

static aft_id subject_of(const aft_link_in *in) {
  return in->order ? in->order : in->of ? in->of : in->survey;
}

/* ---- whom it may let in ---- */

static aft_status stranger(const char *what, aft_error *error) {
  return aft__error(error, AFT_E_INVALID, "link.customer",
                    "expected the customer, payer or recipient of the %s, found somebody else", what);
}

static aft_status check_order(aft__cmd *cmd, const char *what, aft_id id, aft_id customer, aft_error *error) {
  aft__value *order;
  AFT__TRY(aft__load(cmd, &aft__order_table, AFT__ORDER_TENANT, id, "link.order", &order, error));
  AFT__TRY(aft__may_shop(cmd, aft__row_int(order, AFT__ORDER_SHOP), error));
  if (aft__row_int(order, AFT__ORDER_CUSTOMER) == customer ||
      aft__row_int(order, AFT__ORDER_PAYER) == customer ||
      aft__row_int(order, AFT__ORDER_RECIPIENT) == customer)
    return AFT_OK;
  return stranger(what, error);
}

static aft_status check_case(aft__cmd *cmd, aft_id id, aft_id customer, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__load(cmd, &aft__case_table, AFT__CASE_TENANT, id, "link.of", &row, error));
  AFT__TRY(aft__may_shop(cmd, aft__row_int(row, AFT__CASE_SHOP), error));
  if (aft__row_int(row, AFT__CASE_CUSTOMER) == customer)
    return AFT_OK;
  return check_order(cmd, "case", aft__row_int(row, AFT__CASE_ORDER), customer, error);
}

static aft_status check_survey(aft__cmd *cmd, const making *m, aft__value **row, aft_error *error) {
  AFT__TRY(aft__load(cmd, &aft__survey_table, AFT__SURVEY_TENANT, m->in.survey, "link.survey", row, error));
  AFT__TRY(aft__may_survey(cmd, *row, error));
  if (aft__row_int(*row, AFT__SURVEY_CUSTOMER) != m->in.customer)
    return aft__error(error, AFT_E_INVALID, "link.customer",
                      "expected the customer whom the survey asks, found somebody else");
  if (!aft__survey_is(*row, "sent") || aft__row_int(*row, AFT__SURVEY_EXPIRES) <= cmd->now)
    return aft__error(error, AFT_E_TRANSITION, "link.survey", "the survey waits for no answer");
  return AFT_OK;
}

/* ---- making ---- */

static aft_status tell(aft__cmd *cmd, aft_id link, const char *verb, aft_error *error) {
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_LINK,
                      .subject = link,
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr(verb)};
  return aft__event_next(cmd->tx, &event, error);
}

static aft_status add_link(aft__cmd *cmd, const making *m, aft_time most, aft_error *error) {
  aft_time expires;
  int64_t usual = aft__policy_link_lifetime(cmd->policy);
  int64_t lifetime = m->in.lifetime ? m->in.lifetime : usual < AFT_LINK_MOST_MS ? usual : AFT_LINK_MOST_MS;
  if (aft__add_i64(cmd->now, lifetime, &expires))
    return aft__error(error, AFT_E_OVERFLOW, "link.lifetime", "the link would end beyond the end of time");
  expires = expires < most ? expires : most;
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__LINK_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  row[AFT__LINK_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__LINK_REV] = aft__int(1);
  row[AFT__LINK_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__LINK_CUSTOMER] = aft__int(m->in.customer);
  row[AFT__LINK_ORDER] = aft__id_or_null(m->in.order);
  row[AFT__LINK_CASE] = aft__id_or_null(m->in.of);
  row[AFT__LINK_SURVEY] = aft__id_or_null(m->in.survey);
  row[AFT__LINK_KEY] = aft__text(aft__cstr(m->keys->keys[0].name));
  row[AFT__LINK_EXPIRES] = aft__int(expires);
  row[AFT__LINK_CREATED] = aft__int(cmd->now);
  cmd->row = row;
  cmd->ids[0] = row[AFT__LINK_ID].number;
  AFT__TRY(aft__insert(cmd->tx, &aft__link_table, row, NULL, error));
  return tell(cmd, cmd->ids[0], "link.made", error);
}

/* A survey has one link: who asks again gets the same, so that a message sent twice says the same. */
static aft_status survey_link(aft__cmd *cmd, making *m, aft_error *error) {
  aft__value *survey;
  AFT__TRY(check_survey(cmd, m, &survey, error));
  cmd->ids[0] = aft__row_int(survey, AFT__SURVEY_LINK);
  if (cmd->ids[0])
    return AFT_OK;
  if (!m->in.lifetime)
    m->in.lifetime = AFT_LINK_MOST_MS; /* it ends with the survey */
  AFT__TRY(add_link(cmd, m, aft__row_int(survey, AFT__SURVEY_EXPIRES), error));
  survey[AFT__SURVEY_LINK] = aft__int(cmd->ids[0]);
  return aft__update(cmd->tx, &aft__survey_table, survey, 1u << AFT__SURVEY_LINK, error);
}

static aft_status run_make(aft__cmd *cmd, void *given, aft_error *error) {
  making *m = given;
  aft__value *customer;
  cmd->subject = subject_of(&m->in);
  AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, m->in.customer, "link.customer",
                     &customer, error));
  if (m->in.survey)
    return survey_link(cmd, m, error);
  if (m->in.order)
    AFT__TRY(check_order(cmd, "order", m->in.order, m->in.customer, error));
  else
    AFT__TRY(check_case(cmd, m->in.of, m->in.customer, error));
  return add_link(cmd, m, INT64_MAX, error);
}

static void make_digest(aft__sha256 *sha, const void *given) {
  const making *m = given;
  const int64_t numbers[] = {m->in.customer, m->in.order, m->in.of, m->in.lifetime};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  if (m->in.survey) /* a key of an older version goes on to name the same request */
    aft__digest_i64(sha, m->in.survey);
}

static aft_status check_in(const aft_link_in *given, aft_link_in *in, aft_error *error) {
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, IN_V1, "aft_link_in", error));
  AFT__TRY(aft__in_id(in->customer, "link.customer", error));
  int given_ids = (in->order != 0) + (in->of != 0) + (in->survey != 0);
  if (given_ids != 1)
    return aft__error(error, AFT_E_INVALID, "link.order", "expected an order, a case or a survey, found %s",
                      given_ids ? "more than one" : "none");
  AFT__TRY(aft__in_id(subject_of(in), in->order ? "link.order" : in->of ? "link.of" : "link.survey", error));
  if (!in->lifetime)
    return AFT_OK; /* as the policy says */
  if (in->lifetime < AFT_LINK_LEAST_MS || in->lifetime > AFT_LINK_MOST_MS)
    return aft__error(error, AFT_E_INVALID, "link.lifetime", "expected 1 minute to 366 days, found %lld ms",
                      (long long)in->lifetime);
  return AFT_OK;
}

/* The token follows from the record, so that a call under the same key gives the same one. */
static aft_status token_of(aft_env *env, const aft_link_keys *keys, aft_record *record, aft_buf **out,
                           aft_error *error) {
  aft_str name = aft__cstr(aft_link_key(record));
  const aft__link_key *key = aft__link_key_find(keys, name);
  aft__link_token token = {.tenant = aft_link_tenant(record),
                           .link = aft_link_id(record),
                           .customer = aft_link_customer(record),
                           .order = aft_link_order(record),
                           .of = aft_link_case(record),
                           .expires = aft_link_expires(record)};
  if (!key)
    return aft__error(error, AFT_E_INVALID, "keys", "the link was signed with '%.*s', which the ring lacks",
                      (int)name.len, name.data);
  memcpy(token.key, key->name, sizeof token.key);
  aft_buf *buf = aft__buf_new(env);
  if (!buf)
    return aft__nomem(error);
  aft__link_write(&token, key, buf);
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}

aft_status aft_link_make(aft_session *session, const aft_call *call, aft_link_keys *keys,
                         const aft_link_in *in, aft_buf **token, aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "link.make",
                                       .name = "link_make",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_LINK,
                                       .audits = true,
                                       .digest = make_digest,
                                       .run = run_make};
  making m = {.keys = keys};
  aft_record *record = NULL;
  if (!keys || !token)
    return aft__error(error, AFT_E_NULL_HANDLE, keys ? "token" : "keys", "the ring of keys or token is NULL");
  AFT__TRY(check_in(in, &m.in, error));
  aft_status status = aft__command_run(session, call, &command, &m, &record, error);
  if (status < 0)
    return status;
  aft_status written = token_of(aft__session_env(session), keys, record, token, error);
  if (written >= 0 && out)
    *out = record;
  else
    aft_record_free(record);
  return written < 0 ? written : status;
}

/* ---- opening ---- */

typedef struct opening {
  aft_id tenant;
  aft__link_token token;
  aft__link_verdict verdict;
  aft_id survey;
  const char *refused; /* a sentence; NULL: it is good */
} opening;

/* A row, or zeros for what there is none of: then the same steps follow. */
static aft_status peek(aft__tx *tx, const aft__table *table, aft_id id, aft__value **row, aft_error *error) {
  aft_status status = aft__get(tx, table, id ? id : 1, row, error);
  if (status != AFT_E_NOT_FOUND)
    return status;
  *row = aft__arena_alloc(aft__tx_arena(tx), table->n_columns * sizeof **row);
  return *row ? AFT_OK : aft__nomem(error);
}

static bool is_the_same(const aft__value *row, const aft__link_token *token) {
  return aft__row_int(row, AFT__LINK_ID) == token->link &&
         aft__row_int(row, AFT__LINK_TENANT) == token->tenant &&
         aft__row_int(row, AFT__LINK_CUSTOMER) == token->customer &&
         aft__row_int(row, AFT__LINK_ORDER) == token->order &&
         aft__row_int(row, AFT__LINK_CASE) == token->of &&
         aft__row_int(row, AFT__LINK_EXPIRES) == token->expires &&
         aft__str_eq(aft__row_str(row, AFT__LINK_KEY), aft__cstr(token->key));
}

static const char *why_not(const opening *o, const aft__value *link, const aft__value *customer,
                           aft_time now) {
  if (o->verdict == AFT__LINK_GARBLED)
    return "the link is cut short or garbled";
  if (o->verdict == AFT__LINK_STRANGE_KEY)
    return "the link was signed with a key that is not known here";
  if (o->verdict == AFT__LINK_FORGED)
    return "the link's signature is wrong";
  if (o->token.tenant != o->tenant)
    return "the link belongs to another tenant";
  if (!is_the_same(link, &o->token) || aft__row_int(customer, AFT__CUSTOMER_TENANT) != o->tenant)
    return "the link is not known here";
  if (!aft__row_null(link, AFT__LINK_REVOKED))
    return "the link was taken back";
  return now >= o->token.expires ? "the link has ended" : NULL;
}

static aft_status look(aft__tx *tx, void *user, aft_error *error) {
  opening *o = user;
  aft__value *tenant, *link, *customer;
  aft_status status = aft__get(tx, &aft__tenant_table, o->tenant, &tenant, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "tenant", "there is no tenant %lld", (long long)o->tenant);
  AFT__TRY(status);
  AFT__TRY(peek(tx, &aft__link_table, o->token.link, &link, error));
  AFT__TRY(peek(tx, &aft__customer_table, o->token.customer, &customer, error));
  o->refused = why_not(o, link, customer, aft__tx_now(tx));
  o->survey = aft__row_int(link, AFT__LINK_SURVEY);
  return AFT_OK;
}

aft_status aft__link_survey(aft__cmd *cmd, const aft_link_keys *keys, aft_str token, aft_id *survey,
                            aft_error *error) {
  opening o = {.tenant = cmd->call.tenant};
  o.verdict = aft__link_read(keys, token, &o.token);
  AFT__TRY(look(cmd->tx, &o, error));
  if (!o.refused && !o.survey)
    o.refused = "the link is for no survey";
  if (o.refused)
    return aft__error(error, AFT_E_DENIED, "token", "%s", o.refused);
  *survey = o.survey;
  return AFT_OK;
}

/* What a bad signature claims is not believed, not even in the audit. */
static aft_status refuse(aft_session *session, const opening *o, aft_error *error) {
  bool signed_here = o->verdict == AFT__LINK_GOOD && o->token.tenant == o->tenant;
  aft_call call = {.size = sizeof call, .tenant = o->tenant, .role = AFT_ROLE_BUYER};
  call.actor = signed_here ? o->token.customer : 0;
  aft__refusal_keep(session, &call, "link.open", signed_here ? o->token.link : 0, AFT_E_DENIED);
  return aft__error(error, AFT_E_DENIED, "token", "%s", o->refused);
}

aft_status aft_link_open(aft_session *session, aft_id tenant, aft_link_keys *keys, aft_str token,
                         aft_link_opened *out, aft_error *error) {
  aft__tx_options options = {.name = "link_open", .read = true};
  opening o = {.tenant = tenant};
  if (!session || !keys || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !session ? "session"
                      : !keys  ? "keys"
                               : "out",
                      "the handle is NULL");
  AFT__TRY(aft__in_id(tenant, "tenant", error));
  token = aft__str(token.data, token.len);
  if (!token.data || !token.len || token.len > MOST_TEXT)
    return aft__error(error, AFT_E_INVALID, "token", "expected 1 to %d bytes, found %zu", MOST_TEXT,
                      token.data ? token.len : 0);
  o.verdict = aft__link_read(keys, token, &o.token);
  AFT__TRY(aft__tx_run(session, &options, look, &o, error));
  if (o.refused)
    return refuse(session, &o, error);
  aft_link_opened opened = {.size = sizeof opened,
                            .call = {.size = sizeof opened.call,
                                     .tenant = tenant,
                                     .role = AFT_ROLE_BUYER,
                                     .actor = o.token.customer,
                                     .link = o.token.link},
                            .link = o.token.link,
                            .customer = o.token.customer,
                            .order = o.token.order,
                            .of = o.token.of,
                            .expires = o.token.expires,
                            .survey = o.survey};
  if (o.survey) /* it answers the survey, and opens nothing else of the customer's */
    opened.call = (aft_call){.size = sizeof opened.call};
  return aft__abi_give(out, &opened, sizeof opened, OPENED_V1, "aft_link_opened", error);
}

/* ---- taking back ---- */

static aft_status gone(aft__cmd *cmd, aft_error *error) {
  return cmd->call.role == AFT_ROLE_SYSTEM ? AFT_OK : aft__denied(cmd, "what it was for is gone", error);
}

static aft_status may_survey_link(aft__cmd *cmd, const aft__value *link, aft_error *error) {
  aft__value *row;
  aft_status status =
      aft__get(cmd->tx, &aft__survey_table, aft__row_int(link, AFT__LINK_SURVEY), &row, error);
  if (status == AFT_E_NOT_FOUND)
    return gone(cmd, error);
  return status < 0 ? status : aft__may_survey(cmd, row, error);
}

static aft_status may_link(aft__cmd *cmd, const aft__value *link, aft_error *error) {
  aft__value *row;
  if (!aft__row_null(link, AFT__LINK_SURVEY))
    return may_survey_link(cmd, link, error);
  bool of_order = !aft__row_null(link, AFT__LINK_ORDER);
  const aft__table *table = of_order ? &aft__order_table : &aft__case_table;
  aft_id id = aft__row_int(link, of_order ? (uint32_t)AFT__LINK_ORDER : (uint32_t)AFT__LINK_CASE);
  aft_status status = aft__get(cmd->tx, table, id, &row, error);
  if (status == AFT_E_NOT_FOUND) /* it was removed, and no shop can be told any more */
    return gone(cmd, error);
  AFT__TRY(status);
  return aft__may_shop(
      cmd, aft__row_int(row, of_order ? (uint32_t)AFT__ORDER_SHOP : (uint32_t)AFT__CASE_SHOP), error);
}

aft_status aft__link_take_back(aft__cmd *cmd, aft__value *link, aft_error *error) {
  link[AFT__LINK_REVOKED] = aft__int(cmd->now);
  AFT__TRY(aft__update(cmd->tx, &aft__link_table, link, 1u << AFT__LINK_REVOKED, error));
  return tell(cmd, link[AFT__LINK_ID].number, "link.revoked", error);
}

static aft_status run_revoke(aft__cmd *cmd, void *given, aft_error *error) {
  aft_id id = *(aft_id *)given;
  aft__value *link;
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__link_table, AFT__LINK_TENANT, id, "link", &link, error));
  AFT__TRY(may_link(cmd, link, error));
  cmd->ids[0] = id;
  cmd->row = link;
  if (!aft__row_null(link, AFT__LINK_REVOKED))
    return AFT_IGNORED;
  return aft__link_take_back(cmd, link, error);
}

static void revoke_digest(aft__sha256 *sha, const void *given) {
  aft__digest_i64(sha, *(const aft_id *)given);
}

aft_status aft_link_revoke(aft_session *session, const aft_call *call, aft_id link, aft_record **out,
                           aft_error *error) {
  static const aft__command command = {.verb = "link.revoke",
                                       .name = "link_revoke",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_LINK,
                                       .audits = true,
                                       .digest = revoke_digest,
                                       .run = run_revoke};
  AFT__TRY(aft__in_id(link, "link", error));
  return aft__command_run(session, call, &command, &link, out, error);
}
