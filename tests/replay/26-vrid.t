# Row 26: a VRID counts only on the interface where it is configured.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
instance V2 eth1 vrid=52 prio=100 addr=10.1.0.100
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up ip=10.1.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
@0.5 < advert vrid=51 prio=200
@0.5 < advert vrid=52 prio=200 from=10.1.0.2
@1 < advert vrid=51 on=eth1 prio=200
> note advert from 10.0.0.2 on eth1 ignored: no virtual router 51 here
@1.1 < advert vrid=52 on=eth0 prio=200
> note advert from 10.0.0.2 on eth0 ignored: no virtual router 52 here
@1.2 < advert vrid=53 on=eth0 prio=200
> note advert from 10.0.0.2 on eth0 ignored: no virtual router 53 here
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.109375
@3.609375 * V2 MasterDown
> arm V2 MasterDown @4.109375
@4.109375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.109375
> arm V1 SecondBurst @9.109375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4.109375 * V2 MasterDown
> advertise V2 prio=100 rev=1
> claim V2 repeat=5
> arm V2 Advert @5.109375
> arm V2 SecondBurst @9.109375
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
@4.2 < wait
