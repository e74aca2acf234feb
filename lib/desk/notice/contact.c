/* How customers want to be told of things. */
#include "desk/notice/notice_priv.h"
#include "desk/routing/routing_priv.h"

#define CONTACT_V1  (offsetof(aft_contact_in, quiet_until) + sizeof(int32_t))
#define DAY_MINUTES 1440
#define MOST_ZONE   64
#define MOST_LOCALE 35

aft_status aft__contact_find(aft__cmd *cmd, aft_id customer, aft__value **row, aft_error *error) {
  const aft__value keys[] = {aft__int(cmd->call.tenant), aft__int(customer)};
  aft_status status = aft__find(cmd->tx, &aft__contact_table, AFT__CONTACT_BY_CUSTOMER, keys, row, error);
  if (status != AFT_E_NOT_FOUND)
    return status;
  *row = NULL;
  return AFT_OK;
}

/* ---- what may be wished ---- */

static aft_status check_topics(const aft__cmd *cmd, aft_str topics, aft_error *error) {
  aft_str word;
  bool must;
  while (aft__words_next(&topics, &word)) {
    if (!aft__policy_notice_topic(cmd->policy, word, &must))
      return aft__error(error, AFT_E_INVALID, "contact.no_topics", "the policy has no topic '%.*s'",
                        (int)aft__utf8_cut(word, 60), word.data);
    if (must)
      return aft__error(error, AFT_E_INVALID, "contact.no_topics", "what is about '%.*s' must be sent",
                        (int)aft__utf8_cut(word, 60), word.data);
  }
  return AFT_OK;
}

/* ---- putting ---- */

static aft__value text_or_none(aft_str text) { return text.len ? aft__text(text) : aft__null(); }

static void fill(const aft__cmd *cmd, const aft_contact_in *in, aft__value *row) {
  row[AFT__CONTACT_CHANNELS] = text_or_none(in->channels);
  row[AFT__CONTACT_NO_CHANNELS] = text_or_none(in->no_channels);
  row[AFT__CONTACT_NO_TOPICS] = text_or_none(in->no_topics);
  row[AFT__CONTACT_QUIET_FROM] = aft__int(in->quiet_from);
  row[AFT__CONTACT_QUIET_UNTIL] = aft__int(in->quiet_until);
  row[AFT__CONTACT_ZONE] = text_or_none(in->zone);
  row[AFT__CONTACT_LOCALE] = text_or_none(in->locale);
  row[AFT__CONTACT_UPDATED] = aft__int(cmd->now);
}

static aft_status audit(aft__cmd *cmd, aft_id customer, aft_error *error) {
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_CUSTOMER,
                      .subject = customer,
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr("customer.contact")};
  return aft__event_next(cmd->tx, &event, error);
}

static aft_status insert(aft__cmd *cmd, aft_id customer, aft__value *row, aft_error *error) {
  row[AFT__CONTACT_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__CONTACT_REV] = aft__int(1);
  row[AFT__CONTACT_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__CONTACT_CUSTOMER] = aft__int(customer);
  aft_status status = aft__insert(cmd->tx, &aft__contact_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(cmd->tx, "contact.customer", error);
  return status;
}

static aft_status contact_put(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_contact_in *in = given;
  aft__value fresh[AFT__CONTACT_COLUMNS] = {0}, *row, *customer;
  cmd->subject = in->customer;
  AFT__TRY(aft__may_customer(cmd, in->customer, error));
  AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, in->customer, "contact.customer",
                     &customer, error));
  AFT__TRY(aft__customer_stays(cmd, customer, error));
  AFT__TRY(aft__anchor(cmd->tx, &aft__customer_table, customer, error));
  AFT__TRY(check_topics(cmd, in->no_topics, error));
  AFT__TRY(aft__contact_find(cmd, in->customer, &row, error));
  bool made = !row;
  row = made ? fresh : row;
  fill(cmd, in, row);
  if (made)
    AFT__TRY(insert(cmd, in->customer, row, error));
  else
    AFT__TRY(aft__update(cmd->tx, &aft__contact_table, row,
                         ((UINT64_C(1) << AFT__CONTACT_COLUMNS) - 1) &
                             ~(UINT64_C(1) << AFT__CONTACT_ID | UINT64_C(1) << AFT__CONTACT_REV |
                               UINT64_C(1) << AFT__CONTACT_TENANT | UINT64_C(1) << AFT__CONTACT_CUSTOMER),
                         error));
  cmd->ids[0] = row[AFT__CONTACT_ID].number;
  return audit(cmd, in->customer, error);
}

static void contact_digest(aft__sha256 *sha, const void *given) {
  const aft_contact_in *in = given;
  const aft_str texts[] = {in->channels, in->no_channels, in->no_topics, in->zone, in->locale};
  const int64_t numbers[] = {in->customer, in->quiet_from, in->quiet_until};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
}

static aft_status check_zone(aft_env *env, aft_str zone, aft_error *error) {
  aft_zone *opened;
  if (!zone.len)
    return AFT_OK;
  aft_status status = aft_zone_open(env, zone.data, zone.len, &opened, NULL);
  if (status == AFT_E_NOMEM)
    return aft__nomem(error);
  if (status < 0)
    return aft__error(error, AFT_E_INVALID, "contact.zone",
                      "expected an IANA time zone that this machine has, such as Asia/Shanghai, found '%.*s'",
                      (int)aft__utf8_cut(zone, 60), zone.data);
  aft_zone_unref(opened);
  return AFT_OK;
}

static aft_status check_minute(int32_t minute, const char *where, aft_error *error) {
  if (minute < 0 || minute >= DAY_MINUTES)
    return aft__error(error, AFT_E_INVALID, where, "expected a minute of the day, 0 to 1439, found %d",
                      (int)minute);
  return AFT_OK;
}

static aft_status check_in(aft_env *env, aft_contact_in *in, aft_error *error) {
  AFT__TRY(aft__in_id(in->customer, "contact.customer", error));
  AFT__TRY(aft__in_words(&in->channels, false, "contact.channels", error));
  AFT__TRY(aft__in_words(&in->no_channels, false, "contact.no_channels", error));
  AFT__TRY(aft__in_words(&in->no_topics, false, "contact.no_topics", error));
  AFT__TRY(aft__in_text(&in->zone, MOST_ZONE, "contact.zone", error));
  AFT__TRY(aft__in_text(&in->locale, MOST_LOCALE, "contact.locale", error));
  AFT__TRY(check_minute(in->quiet_from, "contact.quiet_from", error));
  AFT__TRY(check_minute(in->quiet_until, "contact.quiet_until", error));
  return check_zone(env, in->zone, error);
}

aft_status aft_contact_put(aft_session *session, const aft_call *call, const aft_contact_in *in,
                           aft_record **out, aft_error *error) {
  static const aft__command command = {
      .verb = "contact.put",
      .name = "contact_put",
      .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT) | AFT__ROLE(AFT_ROLE_BUYER),
      .returns = AFT_KIND_CONTACT,
      .digest = contact_digest,
      .run = contact_put};
  aft_contact_in local;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, CONTACT_V1, "aft_contact_in", error));
  AFT__TRY(check_in(aft__session_env(session), &local, error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- getting ---- */

static aft_status contact_get(aft__cmd *cmd, void *given, aft_error *error) {
  aft_id customer = *(aft_id *)given;
  aft__value *row;
  cmd->subject = customer;
  AFT__TRY(aft__may_customer(cmd, customer, error));
  AFT__TRY(aft__load(cmd, &aft__customer_table, AFT__CUSTOMER_TENANT, customer, "customer", &row, error));
  AFT__TRY(aft__contact_find(cmd, customer, &row, error));
  if (!row)
    return aft__error(error, AFT_E_NOT_FOUND, "contact", "the customer never said how to be told");
  cmd->ids[0] = row[AFT__CONTACT_ID].number;
  cmd->row = row;
  return AFT_OK;
}

aft_status aft_contact_get(aft_session *session, const aft_call *call, aft_id customer, aft_record **out,
                           aft_error *error) {
  static const aft__command command = {.verb = "contact.get",
                                       .name = "contact_get",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_CONTACT,
                                       .read = true,
                                       .run = contact_get};
  AFT__TRY(aft__in_id(customer, "customer", error));
  return aft__command_run(session, call, &command, &customer, out, error);
}
