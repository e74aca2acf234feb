"""The desk at work. Usage: tour.py [zh|en]"""
import sys
import tempfile

from aftersales import Denied, Store, time_of

LANG = (sys.argv[1:] or ["en"])[0]
SAID = [
    ("wx-1", "openid-7", "付款失败了，钱扣了两次，订单还是未支付！"),
    ("wx-2", "openid-8", "Where is my parcel? It should have been here a week ago."),
    ("wx-3", "openid-9", "客服一直不理我，再不退款我就去12315投诉"),
    ("wx-1", "openid-7", "付款失败了，钱扣了两次，订单还是未支付！"),  # delivered twice, taken in once
]
with tempfile.TemporaryDirectory() as folder, Store(f"{folder}/desk.db", create=True) as store, store.session() as s:
    tenant = s.as_system().put_tenant("acme", zone="Asia/Shanghai")
    desk = s.as_system(tenant.id)
    shop, policy = desk.put_shop("phones"), desk.current_policy()
    amy = s.as_agent(tenant.id, desk.put_agent("amy", shops=[shop.id]).id)
    for external, handle, words in SAID:
        message = desk.intake(shop.id, "wechat", external=external, handle=handle, text=words)
        print(f"{external}  {message.disposition if not message.replayed else 'replayed':<10} {words}")
    for ticket in amy.inbox():
        category = policy.text(f"category.{ticket.category}", LANG)
        priority = policy.text(f"priority.{ticket.priority}", LANG)
        print(f"\n{ticket.code}  {category}  {priority}  ->  {ticket.first_response_due:%H:%M:%S} UTC")
        print(amy.explain(ticket.id, "priority", LANG).rstrip())
        amy.act(ticket.id, "assign", agent=amy.actor)
        amy.answer(ticket.id, "已为您处理。" if ticket.language == "zh" else "We are on it.", key=f"answer {ticket.id}")
    try:
        s.as_buyer(tenant.id, message.customer or 0).explain(message.ticket)
    except Denied as error:
        print(f"\n{error}")
    s.tick()
    for effect in s.claim():  # your own code sends it here
        s.settle(effect.id, effect.fence, "done")
    for row in store.query("SELECT priority, count(*) AS n, min(opened) AS first FROM aft_ticket GROUP BY priority"):
        print(f"{row['priority']:<8} {row['n']}  {time_of(row['first']):%Y-%m-%d}")
