/* What the caller can do with a case now, by asking its machine: nothing else knows which events it takes. */
#include "desk/case/case_priv.h"

typedef struct options_in {
  aft_id id;
  const char *locale;
  aft_buf *out;
} options_in;

/* What an effect takes from the caller, so that a form can be drawn. */
static const struct {
  const char *effect, *input;
} inputs[] = {{"propose", "amount"},  {"propose", "lines"}, {"propose", "kind"},  {"ship", "carrier"},
              {"ship", "waybill"},    {"count", "lines"},   {"accept", "lines"},  {"quote", "amount"},
              {"verdict", "verdict"}, {"verdict", "share"}, {"offline", "proof"}, {"fault", "text"}};

static void put_inputs(const aft__flow *flow, const aft__flow_step_out *step, aft__json *json) {
  aft__json_key(json, "inputs");
  aft__json_open(json, '[');
  for (size_t k = 0; k < AFT__COUNT(inputs); k++)
    for (uint32_t i = 0; i < step->n_effects; i++)
      if (strcmp(flow->texts + step->effects[i].verb, inputs[k].effect) == 0)
        aft__json_str(json, aft__cstr(inputs[k].input));
  aft__json_close(json, ']');
}

static aft_status put_option(aft__case *c, const options_in *in, const char *event,
                             const aft__flow_step_out *step, aft__json *json) {
  char *key = aft__arena_printf(c->cmd->arena, "case.event.%s", event);
  aft__buf label;
  aft__buf_init(&label, c->cmd->env);
  if (key)
    aft__case_render(c, in->locale, key, &label);
  aft__json_open(json, '{');
  aft__json_key(json, "event");
  aft__json_str(json, aft__cstr(event));
  aft__json_key(json, "label");
  aft__json_str(json, label.len ? aft__buf_view(&label) : aft__cstr(event));
  aft__json_key(json, "to");
  aft__json_str(json, aft__cstr(c->flow->texts + c->flow->states[step->to].name));
  put_inputs(c->flow, step, json);
  aft__json_close(json, '}');
  bool failed = label.failed || !key;
  aft__buf_done(&label);
  json->buf->failed |= failed;
  return AFT_OK;
}

static aft_status put_options(aft__case *c, const options_in *in, aft_error *error) {
  aft__json json;
  AFT__TRY(aft__legs_load(c, error));
  aft__buf_clear(in->out);
  aft__json_init(&json, in->out);
  aft__json_open(&json, '[');
  for (uint32_t i = 0; i < c->flow->n_events; i++) {
    const char *event = c->flow->texts + c->flow->events[i].name;
    aft__flow_step_out step;
    aft_status status = aft__case_ask_machine(c, event, c->cmd->call.role, &step, error);
    if (status < 0)
      return status;
    if (status == AFT_OK && step.move)
      AFT__TRY(put_option(c, in, event, &step, &json));
  }
  AFT__TRY(aft__options_dispute(c, in->locale, &json, error));
  AFT__TRY(aft__options_evidence(c, in->locale, &json, error));
  aft__json_close(&json, ']');
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const options_in *in = given;
  aft__case c;
  aft_status status = aft__case_load(cmd, in->id, &c, error);
  if (status >= 0)
    status = aft__may_case(cmd, c.row, error);
  if (status >= 0)
    status = put_options(&c, in, error);
  aft__case_done(&c);
  return status;
}

aft_status aft_case_options(aft_session *session, const aft_call *call, aft_id case_id, const char *locale,
                            aft_buf **out, aft_error *error) {
  static const aft__command command = {.verb = "case.options",
                                       .name = "case_options",
                                       .roles = AFT__ROLES_ALL | AFT__ROLE(AFT_ROLE_WAREHOUSE),
                                       .by_link = true,
                                       .read = true,
                                       .run = run};
  options_in in = {.id = case_id, .locale = locale ? locale : "en"};
  return aft__command_text(session, call, &command, &in, &in.out, out, error);
}
