# Row 63 and garp_extra_if: while Master, one announcement a period on the other interfaces that
# carry an address. Who has none there has no timer.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100,10.1.0.100@eth1 garp_delay=0 extra_if=2
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 garp_delay=0 extra_if=2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up ip=10.1.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> arm V1 Elsewhere @5.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@3.609375 * V2 MasterDown
> advertise V2 prio=100 rev=1
> claim V2 repeat=5
> arm V2 Advert @4.609375
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
@4.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @5.609375
@4.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @5.609375
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.609375
@5.609375 * V1 Elsewhere
> announce V1 elsewhere
> arm V1 Elsewhere @7.609375
@5.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @6.609375
@6.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @7.609375
@6.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @7.609375
@7.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @8.609375
@7.609375 * V1 Elsewhere
> announce V1 elsewhere
> arm V1 Elsewhere @9.609375
@7.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @8.609375
@8 < wait
@8.1 < advert like=V1 prio=200
> release V1
> disarm V1 Advert
> disarm V1 Elsewhere
> arm V1 MasterDown @11.709375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 200
@8.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @9.609375
@9.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @10.609375
@10.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @11.609375
@11.609375 * V2 Advert
> advertise V2 prio=100 rev=1
> arm V2 Advert @12.609375
@11.709375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @12.609375
> arm V1 Elsewhere @13.709375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@12 < advert like=V1 prio=200
> release V1
> disarm V1 Advert
> disarm V1 Elsewhere
> arm V1 MasterDown @15.609375
> tell (V1) MASTER -> BACKUP: advert from 10.0.0.2 with higher priority 200
