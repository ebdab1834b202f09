# Two owners, the other one never yields although its address is lower: after two own adverts and
# 1.2 intervals we step back to 254 until it is gone.
instance V1 eth0 vrid=51 prio=255 addr=10.0.0.9 MASTER
@0 < link eth0 index=2 up ip=10.0.0.9
@0 < start
> advertise V1 prio=255 rev=1
> claim V1 repeat=5
> arm V1 Advert @1
> arm V1 SecondBurst @5
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
@0.5 < advert prio=255 from=10.0.0.2
> advertise V1 prio=255 rev=1
> announce V1 repeat=5
> arm V1 Advert @1.5
> arm V1 LowerPrioBurst @5.5
> note (V1): 10.0.0.2 is MASTER too, with equal priority and lower address
@1.4 < advert prio=255 from=10.0.0.2
> advertise V1 prio=255 rev=1
> announce V1 repeat=5
> arm V1 Advert @2.4
> note (V1): 10.0.0.2 is MASTER too, with equal priority and lower address
@2.4 < advert prio=255 from=10.0.0.2
> advertise V1 prio=255 rev=1
> announce V1 repeat=5
> arm V1 Advert @3.4
> note (V1): 10.0.0.2 is MASTER too, with equal priority and lower address
@3.4 < advert prio=255 from=10.0.0.2
> advertise V1 prio=255 rev=1
> announce V1 repeat=5
> arm V1 Advert @4.4
> note (V1): 10.0.0.2 is MASTER too, with equal priority and lower address
@4.4 < advert prio=255 from=10.0.0.2
> advertise V1 prio=255 rev=1
> announce V1 repeat=5
> arm V1 Advert @5.4
> note (V1): 10.0.0.2 is MASTER too, with equal priority and lower address
@4.5 < show V1
> V1 MASTER wants=MASTER prio=255 source=10.0.0.9 interval=1 rcvd:5 sent:6 become:1
# Gone: owner again.
@5 * V1 SecondBurst
> announce V1 repeat=5
@5.4 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @6.4
@5.5 * V1 LowerPrioBurst
> announce V1 repeat=5
@6.4 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @7.4
@7.4 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @8.4
@8.4 * V1 Advert
> advertise V1 prio=255 rev=1
> arm V1 Advert @9.4
@9 < wait
@9 < show V1
> V1 MASTER wants=MASTER prio=255 source=10.0.0.9 interval=1 rcvd:5 sent:10 become:1
