# A unicast instance without an interface sends from its source address, wherever that leads, and is
# never without a link. Other traffic there is no concern of its.
instance V1 - vrid=51 prio=100 addr=10.0.0.100@eth0 source=192.0.2.1 peer=198.51.100.2 garp_delay=0
instance V2 - vrid=52 prio=100 addr=10.0.0.101@eth0 peer=198.51.100.2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link - index=0
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> FAULT: interface (any) has no address to send from
@1 < advert prio=200
@2 < advert prio=200 to=224.0.0.18 from=10.0.0.2
@2.1 < advert prio=200 vrid=77
@2.2 < advert prio=200 on=eth0
> note advert from 198.51.100.2 on eth0 ignored: no virtual router 51 here
@2.3 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=192.0.2.1 master=198.51.100.2/200 interval=1 rcvd:1
@2.3 < show V2
> V2 FAULT wants=FAULT prio=100 interval=1; interface (any) has no address to send from
@3.609375 * V1 MasterDown
> arm V1 MasterDown @4.609375
@4.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@5 < wait
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.609375
@6 < link eth0 index=2 ip=10.0.0.1
> advertise V1 prio=0 rev=1
> release V1
> disarm V1 Advert
> tell (V1) MASTER -> FAULT: interface eth0 is down
> note (V2) another fault: interface eth0 is down
@7 < link eth0 index=2 up ip=10.0.0.1
> announce V1 source
> arm V1 MasterDown @10.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
> note (V2) this fault is gone, others are left: interface eth0 is down
@7.1 < stop
> disarm V1 MasterDown
> tell (V1) BACKUP -> INIT: stopping
> tell (V2) FAULT -> INIT: stopping
