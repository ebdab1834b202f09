# Row 51: the Master is killed just before an advert: the rest of the interval, two more, the skew.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200
# Killed at 1.999999: out of service for 2.609376 s.
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.609375
@4.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.609375
> arm V1 SecondBurst @9.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.7 < wait
