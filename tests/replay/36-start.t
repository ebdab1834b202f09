# Row 36: anything less than 255 is silent for a down interval, `state MASTER` or not.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 MASTER
instance V2 eth0 vrid=52 prio=254 addr=10.0.0.101 version=3 int=0.5
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @1.503907
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
@0 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 interval=1
@1.503907 * V2 MasterDown
> advertise V2 prio=254 rev=1
> claim V2 repeat=5
> arm V2 Advert @2.003907
> arm V2 SecondBurst @6.503907
> tell (V2) BACKUP -> MASTER: no advert for 1.503907 s
@2.003907 * V2 Advert
> advertise V2 prio=254 rev=1
> arm V2 Advert @2.503907
@2.503907 * V2 Advert
> advertise V2 prio=254 rev=1
> arm V2 Advert @3.003907
@3.003907 * V2 Advert
> advertise V2 prio=254 rev=1
> arm V2 Advert @3.503907
@3.503907 * V2 Advert
> advertise V2 prio=254 rev=1
> arm V2 Advert @4.003907
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 SecondBurst @8.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.7 < wait
@3.7 < show V1
> V1 MASTER wants=MASTER prio=100 source=10.0.0.1 interval=1 sent:1 become:1
