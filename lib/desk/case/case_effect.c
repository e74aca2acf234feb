/* Effects that case machines name: each is carried out by the file of its subject. */
#include "desk/case/case_priv.h"

/* ---- units and goods ---- */

static aft_status label(aft__case *c, aft_error *error) {
  aft__case_set(c, AFT__CASE_LABEL, aft__text(aft__cstr("requested")));
  return aft__goods_label(c, "label.request", error);
}
static aft_status void_label(aft__case *c, aft_error *error) {
  aft__case_set(c, AFT__CASE_LABEL, aft__text(aft__cstr("void")));
  return aft__goods_label(c, "label.void", error);
}

static aft_status reserve(aft__case *c, aft_error *error) {
  return aft__goods_reserve(c, "goods.reserve", error);
}
static aft_status unreserve(aft__case *c, aft_error *error) {
  return aft__goods_reserve(c, "goods.unreserve", error);
}

static aft_status intercept(aft__case *c, aft_error *error) {
  return aft__parcels_stop(c, "parcel.intercept", error);
}
static aft_status let_pass(aft__case *c, aft_error *error) {
  return aft__parcels_stop(c, "parcel.let_pass", error);
}

/* ---- money ---- */

/* Money that waits for papers, or that a hold on the case stops, stays where it is until they are there. */
static aft_status release(aft__case *c, const char *arg, aft_error *error) {
  bool now = strcmp(arg, "now") == 0;
  aft__facts facts;
  AFT__TRY(aft__case_facts(c, &facts, error));
  if (!now && !c->mirrored && (facts.number[AFT__FACT_PAPERS_FIRST] || facts.number[AFT__FACT_ON_HOLD]))
    return AFT_OK;
  return aft__legs_release(c, now ? "settlement" : arg, false, error);
}

/* At a stage money goes out in advance where the policy releases it so early; one that becomes a case of
 * another kind gives none. */
static aft_status advance_at(aft__case *c, const char *stage, aft_error *error) {
  aft__case_terms terms;
  AFT__TRY(aft__case_terms_of(c, &terms, error));
  if (c->mirrored || c->n_pending || !aft__release_by(terms.release, stage))
    return AFT_OK;
  AFT__TRY(aft__legs_plan(c, error));
  if (!aft__case_is(c, AFT__CASE_MONEY, "planned"))
    return AFT_OK;
  AFT__TRY(aft__legs_release(c, stage, true, error));
  return aft__case_notify(c, "advanced", error);
}

static aft_status advance(aft__case *c, const char *stage, aft_error *error) {
  if (*stage)
    return advance_at(c, stage, error);
  AFT__TRY(aft__legs_plan(c, error));
  return aft__legs_release(c, "pickup", true, error);
}
static aft_status uncharge(aft__case *c, aft_error *error) {
  return aft__charges_return(c, aft__cstr("approval"), true, error);
}
static aft_status quote(aft__case *c, aft_error *error) {
  if (!c->in || !c->in->amount.currency[0])
    return aft__error(error, AFT_E_INVALID, "case.amount", "expected the price of the repair");
  aft__case_set(c, AFT__CASE_QUOTE, aft__int(c->in->amount.minor));
  return AFT_OK;
}

/* ---- other cases ---- */

static aft_status convert(aft__case *c, const char *arg, aft_error *error) {
  return aft__case_convert(c, aft__cstr(arg), error);
}

/* ---- the rest ---- */

static aft_status inform(aft__case *c, aft_error *error) {
  (void)error;
  if (aft__row_null(c->row, AFT__CASE_INFORMED))
    aft__case_set(c, AFT__CASE_INFORMED, aft__int(c->cmd->now));
  return AFT_OK;
}
static aft_status fault(aft__case *c, aft_error *error) {
  (void)error;
  if (c->in && c->in->text.len)
    aft__case_set(c, AFT__CASE_FAULT, aft__text(c->in->text));
  return AFT_OK;
}
static aft_status verdict(aft__case *c, const char *arg, aft_error *error) {
  aft_str word = !*arg && c->in ? c->in->verdict : aft__cstr(arg);
  int64_t share = c->in ? c->in->share : 0;
  bool buyer = aft__str_eq(word, aft__cstr("buyer")), seller = aft__str_eq(word, aft__cstr("seller"));
  if (!buyer && !seller && !aft__str_eq(word, aft__cstr("shared")))
    return aft__error(error, AFT_E_INVALID, "case.verdict", "expected buyer, seller or shared, found '%.*s'",
                      (int)aft__utf8_cut(word, 40), word.data ? word.data : "");
  if (!buyer && !seller && (share <= 0 || share >= 1000))
    return aft__error(error, AFT_E_INVALID, "case.share",
                      "expected 1 to 999 permille for the buyer, found %lld", (long long)share);
  aft__case_set(c, AFT__CASE_VERDICT, aft__text(word));
  aft__case_set(c, AFT__CASE_SHARE, aft__int(buyer ? 1000 : seller ? 0 : share));
  return aft__propose_share(c, error);
}

/* Verbs whose whole meaning is a request to the host: its topic. */
static const struct {
  const char *verb, *arg, *topic;
} requests[] = {
    {"warranty", "pause", "warranty.pause"},
    {"warranty", "resume", "warranty.resume"},
    {"warranty", "renew", "warranty.renew"},
};

/* Work that the policy knows as a task has a clock and an end; any other is only asked for. */
static aft_status work(aft__case *c, const char *arg, aft_error *error) {
  bool opened;
  AFT__TRY(aft__case_task(c, arg, &opened, error));
  return opened ? AFT_OK : aft__case_work(c, arg, NULL, (aft_str){0}, error);
}

static aft_status settlement(aft__case *c, const char *arg, aft_error *error) {
  return strcmp(arg, "hold") == 0 ? aft__settlement_hold(c, error) : aft__settlement_free(c, error);
}

static aft_status accept(aft__case *c, const char *arg, aft_error *error) {
  return strcmp(arg, "all") == 0 ? aft__goods_accept_all(c, error) : aft__goods_accept(c, error);
}

static const struct {
  const char *verb;
  aft_status (*run)(aft__case *c, aft_error *error);
} plain[] = {{"propose", aft__propose},
             {"agree", aft__agree},
             {"arrive", aft__goods_arrive},
             {"decline", aft__decline},
             {"free", aft__units_free},
             {"take", aft__units_take},
             {"lose", aft__units_lose},
             {"give_back", aft__units_give_back},
             {"ship", aft__goods_ship},
             {"count", aft__goods_count},
             {"refuse", aft__goods_refuse},
             {"replace", aft__goods_replace},
             {"reserve", reserve},
             {"unreserve", unreserve},
             {"intercept", intercept},
             {"let_pass", let_pass},
             {"label", label},
             {"void_label", void_label},
             {"plan", aft__legs_plan},
             {"debt", aft__legs_debt},
             {"void", aft__legs_void},
             {"retry", aft__legs_retry},
             {"offline", aft__legs_offline},
             {"charge", aft__charge},
             {"uncharge", uncharge},
             {"hold_money", aft__hold_ask},
             {"capture_money", aft__hold_capture},
             {"free_money", aft__hold_free},
             {"stand", aft__exchange_stand},
             {"miss", aft__goods_miss},
             {"quote", quote},
             {"invoice", aft__invoice_request},
             {"inform", inform},
             {"exclude", aft__case_exclude},
             {"fault", fault}};

static const struct {
  const char *verb;
  aft_status (*run)(aft__case *c, const char *arg, aft_error *error);
} with_argument[] = {{"advance", advance},         {"accept", accept},
                     {"hold", aft__units_hold},    {"release", release},
                     {"settlement", settlement},   {"convert", convert},
                     {"follow", aft__case_follow}, {"parent", aft__case_tell_parent},
                     {"notify", aft__case_notify}, {"ticket", aft__case_ticket},
                     {"verdict", verdict},         {"work", work}};

aft_status aft__case_effect(aft__case *c, const aft__flow_effect *effect, aft_error *error) {
  const char *verb = c->flow->texts + effect->verb, *arg = c->flow->texts + effect->arg;
  for (size_t i = 0; i < AFT__COUNT(plain); i++)
    if (strcmp(verb, plain[i].verb) == 0)
      return plain[i].run(c, error);
  for (size_t i = 0; i < AFT__COUNT(with_argument); i++)
    if (strcmp(verb, with_argument[i].verb) == 0)
      return with_argument[i].run(c, arg, error);
  for (size_t i = 0; i < AFT__COUNT(requests); i++)
    if (strcmp(verb, requests[i].verb) == 0 && strcmp(arg, requests[i].arg) == 0)
      return aft__case_ask(c, requests[i].topic, NULL, NULL, error);
  return aft__error(error, AFT_E_INTERNAL, c->flow->name, "effect '%s' is not known to the desk", verb);
}
