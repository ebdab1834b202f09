# Row 58: a Backup stopped beyond its down interval: the adverts that waited in the socket come
# before the timer, so nothing happens.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.9 < freeze
@5 < advert prio=200
@5 < thaw
@5 * V1 MasterDown
> arm V1 MasterDown @8.609375
@5 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/200 interval=1 rcvd:1
@8.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @9.609375
> arm V1 SecondBurst @13.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@8.7 < wait
