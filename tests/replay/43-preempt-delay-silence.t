# Row 43: it does not delay a take-over when the adverts stop.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 delay=60
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=50
> arm V1 PreemptDelay @61
@2 < advert prio=50
@3.609375 * V1 MasterDown
> arm V1 MasterDown @5.609375
@5.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> disarm V1 PreemptDelay
> arm V1 Advert @6.609375
> arm V1 SecondBurst @10.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@5.7 < wait
