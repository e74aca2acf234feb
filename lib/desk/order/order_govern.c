/* What governs an order: its policy, fixed when it was first told, and its zone. */
#include "desk/order/order_priv.h"

static aft_status keep(aft__cmd *cmd, aft_str hash, aft_id *document, aft_error *error) {
  aft_buf *image;
  AFT__TRY(aft_policy_image(cmd->policy, &image, error));
  aft_status status =
      aft__document_keep(cmd, hash, aft__str(aft_buf_data(image), aft_buf_size(image)), document, error);
  aft_buf_free(image);
  return status;
}

aft_status aft__order_govern(aft__cmd *cmd, aft__value *order, aft_error *error) {
  aft_id document;
  if (!aft__row_null(order, AFT__ORDER_DOCUMENT))
    return AFT_OK;
  aft_str hash = aft__arena_dup(cmd->arena, aft__cstr(aft_policy_hash(cmd->policy)));
  if (!hash.data)
    return aft__nomem(error);
  AFT__TRY(keep(cmd, hash, &document, error));
  order[AFT__ORDER_POLICY] = aft__text(hash);
  order[AFT__ORDER_DOCUMENT] = aft__int(document);
  if (aft__row_int(order, AFT__ORDER_REV) == 0)
    return AFT_OK;
  return aft__update(cmd->tx, &aft__order_table, order,
                     UINT64_C(1) << AFT__ORDER_POLICY | UINT64_C(1) << AFT__ORDER_DOCUMENT, error);
}

int32_t aft__order_offset(aft__cmd *cmd, const aft__value *order) {
  return aft__order_offset_at(cmd, order, cmd->now);
}

int32_t aft__order_offset_at(aft__cmd *cmd, const aft__value *order, aft_time at) {
  return aft__offset_at(cmd, aft__row_str(order, AFT__ORDER_ZONE), at);
}

aft_zone *aft__zone_named(aft__cmd *cmd, aft_str name) {
  aft_zone *zone;
  if (!name.len)
    return NULL;
  if (aft_zone_open(cmd->env, name.data, name.len, &zone, NULL) >= 0)
    return zone;
  aft__log(cmd->env, AFT_LOG_ERROR, "the zone '%.*s' is not known here: its days are those of UTC",
           (int)name.len, name.data);
  return NULL;
}

int32_t aft__offset_at(aft__cmd *cmd, aft_str name, aft_time at) {
  aft_zone *zone = aft__zone_named(cmd, name);
  int32_t minutes = zone ? aft_zone_offset(zone, at) / 60 : 0;
  aft_zone_unref(zone);
  return minutes;
}
