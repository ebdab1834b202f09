# Row 49: a lower priority is answered at once (RFC 9568 §6.4.3) and announced, now and later.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 lower_repeat=2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=99
> advertise V1 prio=100 rev=1
> announce V1 repeat=2
> arm V1 Advert @5
> arm V1 LowerPrioBurst @9
> note (V1): 10.0.0.2 is MASTER too, with lower priority 99
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
@8.609375 * V1 SecondBurst
> announce V1 repeat=5
@9 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @10
@9 * V1 LowerPrioBurst
> announce V1 repeat=2
@10 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @11
@10 < wait
