# Timers that do not belong to the state, come twice or too early do nothing.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < timer V1 MasterDown
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < timer V1 Advert
@1 < timer V1 SecondBurst
@1 < timer V1 PreemptDelay
@1 < timer V1 MasterDown
> arm V1 MasterDown @3.609375
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.7 < wait
@3.8 < timer V1 MasterDown
@3.8 < timer V1 PreemptDelay
@3.8 < timer V1 LowerPrioBurst
@3.8 < timer V1 Advert
> arm V1 Advert @4.609375
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @5.609375
@5 < start
