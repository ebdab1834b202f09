# Row 39: with nopreempt any Master is listened to.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 nopreempt
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=50
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.609375
@4 < advert prio=1
@4.609375 * V1 MasterDown
> arm V1 MasterDown @7.609375
@7 < advert prio=50
@7 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=10.0.0.1 master=10.0.0.2/50 interval=1 rcvd:3
@7.609375 * V1 MasterDown
> arm V1 MasterDown @10.609375
@10.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @11.609375
> arm V1 SecondBurst @15.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@10.7 < wait
