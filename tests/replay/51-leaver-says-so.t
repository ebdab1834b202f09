# Row 51: the Master leaves with priority 0: the skew only.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=200
@1.5 < advert prio=0
> arm V1 MasterDown @2.109375
@2.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @3.109375
> arm V1 SecondBurst @7.109375
> tell (V1) BACKUP -> MASTER: 10.0.0.2 gave up (priority 0)
@2.2 < wait
