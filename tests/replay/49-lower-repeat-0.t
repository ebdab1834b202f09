# Row 49 with garp_lower_prio_repeat 0: it answers, and announces nothing.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0 lower_delay=5 lower_repeat=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=50
> advertise V1 prio=100 rev=1
> arm V1 Advert @5
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
@5 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6
@6 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @7
@7 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @8
@8 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @9
@9 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @10
@10 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @11
@11 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @12
@12 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @13
@12 < wait
