# Without a peer a unicast instance may be told not to run (unicast_fault_no_peer). After a fault it
# announces its own source address: routers on the way may have forgotten it. Multicast needs an
# interface that can; unicast does not.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 unicast fault_no_peer
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 peer=10.0.0.2 garp_delay=0
instance V3 eth0 vrid=53 prio=255 MASTER addr=10.0.0.102 peer=10.0.0.2 garp_delay=0
instance V4 eth0 vrid=54 prio=100 addr=10.0.0.103
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V3 prio=255 rev=1
> claim V3 repeat=5
> arm V2 MasterDown @3.609375
> arm V3 Advert @1
> arm V4 MasterDown @3.609375
> tell (V1) INIT -> FAULT: there is no unicast peer
> tell (V2) INIT -> BACKUP: starting
> tell (V3) INIT -> MASTER: owner of the addresses (priority 255)
> tell (V4) INIT -> BACKUP: starting
@0.5 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; there is no unicast peer
@1 < link eth0 index=2 ip=10.0.0.1
> advertise V3 prio=0 rev=1
> release V3
> disarm V2 MasterDown
> disarm V3 Advert
> disarm V4 MasterDown
> tell (V2) BACKUP -> FAULT: interface eth0 is down
> tell (V3) MASTER -> FAULT: interface eth0 is down
> tell (V4) BACKUP -> FAULT: interface eth0 is down
> note (V1) another fault: interface eth0 is down
@2 < link eth0 index=2 up ip=10.0.0.1 no_multicast
> advertise V3 prio=255 rev=1
> claim V3 repeat=5
> announce V2 source
> announce V3 source
> arm V2 MasterDown @5.609375
> arm V3 Advert @3
> tell (V2) FAULT -> BACKUP: the fault is gone
> tell (V3) FAULT -> MASTER: the fault is gone
> note (V1) this fault is gone, others are left: interface eth0 is down
> note (V4) another fault: interface eth0 cannot multicast (name unicast peers)
> note (V4) this fault is gone, others are left: interface eth0 is down
@2.5 < show V4
> V4 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1; interface eth0 cannot multicast (name unicast peers)
@3 < link eth0 index=2 up ip=10.0.0.1
> arm V4 MasterDown @6.609375
> tell (V4) FAULT -> BACKUP: the fault is gone
