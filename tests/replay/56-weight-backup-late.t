# Row 56: a timer that is due already because of the higher priority runs out now; after a goodbye
# only the skew is waited, and it moves too.
file load
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
track V1 file load 1
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 garp_delay=0
track V2 file load 1
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
@1 < advert vrid=52 prio=0
> arm V2 MasterDown @1.609375
@1.4 < advert vrid=52 prio=0
@1.5 < file load 40
> arm V1 MasterDown @3.453125
> arm V2 MasterDown @1.453125
> note (V1) effective priority 100 -> 140
> note (V2) effective priority 100 -> 140
@1.453125 * V2 MasterDown
> advertise V2 prio=140 rev=1
> claim V2 repeat=5
> arm V2 Advert @2.453125
> tell (V2) BACKUP -> MASTER: 10.0.0.2 gave up (priority 0)
@2.453125 * V2 Advert
> advertise V2 prio=140 rev=1
> arm V2 Advert @3.453125
@3.453125 * V1 MasterDown
> advertise V1 prio=140 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.453125
> tell (V1) BACKUP -> MASTER: no advert for 3.453125 s
@3.453125 * V2 Advert
> advertise V2 prio=140 rev=1
> arm V2 Advert @4.453125
@3.55 < advert vrid=52 prio=0
> advertise V2 prio=140 rev=1
> arm V2 Advert @4.453125
@3.6 < file load 154
> note (V1) effective priority 140 -> 254
> note (V2) effective priority 140 -> 254
@4 < wait
