# Row 39: lower priority does not stop the timer: Master although adverts keep coming.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@0.5 < advert prio=200
@1 < advert prio=50
@2 < advert prio=50
@3 < advert prio=50
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.109375
@4 < advert prio=50
@4.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.109375
> arm V1 SecondBurst @9.109375
> tell (V1) BACKUP -> MASTER: preempting 10.0.0.2, which has lower priority
@4.2 < wait
