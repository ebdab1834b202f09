# Masters of one interval share a phase: the first advert of a take-over leaves at once, the second
# moves earlier, by less than half an interval; then it keeps the interval.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 garp_delay=0
instance V3 eth0 vrid=53 prio=100 addr=10.0.0.102 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> arm V3 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
> tell (V3) INIT -> BACKUP: starting
@2 < advert vrid=52 prio=200
@2.3 < advert vrid=53 prio=200
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.609375 * V2 MasterDown
> arm V2 MasterDown @5.609375
@3.609375 * V3 MasterDown
> arm V3 MasterDown @5.909375
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @5.609375
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.609375
@5.609375 * V2 MasterDown
> advertise V2 prio=100 rev=1
> claim V2 repeat=5
> arm V2 Advert @6.609375
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
@5.909375 * V3 MasterDown
> advertise V3 prio=100 rev=1
> claim V3 repeat=5
> arm V3 Advert @6.609375
> tell (V3) BACKUP -> MASTER: no advert for 3.609375 s
@6.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @7.609375
@6.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @7.609375
@6.609375 * V3 Advert
> advertise V3 prio=100 rev=1
> arm V3 Advert @7.609375
@7.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @8.609375
@7.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @8.609375
@7.609375 * V3 Advert
> advertise V3 prio=100 rev=1
> arm V3 Advert @8.609375
@7.7 < wait
