# Row 57: a fault of one member takes all along; the Masters among them say priority 0. They come
# back together.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
instance V2 eth1 vrid=52 prio=100 addr=10.1.0.100 garp_delay=0
group G1 V1 V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < link eth1 index=3 up ip=10.1.0.1
@0 < start
> arm V1 MasterDown @3.609375
> arm V2 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> BACKUP: starting
> tell VRRP_Group(G1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> arm V1 MasterDown @7.21875
@3.609375 * V2 MasterDown
> advertise V1 prio=100 rev=1
> advertise V2 prio=100 rev=1
> claim V1 repeat=5
> claim V2 repeat=5
> disarm V1 MasterDown
> arm V1 Advert @4.609375
> arm V2 Advert @4.609375
> tell (V1) BACKUP -> MASTER: following V2 in group G1
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
> tell VRRP_Group(G1) BACKUP -> MASTER: following V2 in group G1
@4 < link eth1 index=3 ip=10.1.0.1
> advertise V1 prio=0 rev=1
> advertise V2 prio=0 rev=1
> release V1
> release V2
> disarm V1 Advert
> disarm V2 Advert
> tell (V1) MASTER -> FAULT: following V2 in group G1
> tell (V2) MASTER -> FAULT: interface eth1 is down
> tell VRRP_Group(G1) MASTER -> FAULT: following V2 in group G1
@4 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; following V2 in group G1
@4 < show V2
> V2 FAULT wants=FAULT prio=100 source=10.1.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; interface eth1 is down
@5 < link eth0 index=2 ip=10.0.0.1
> note (V1) another fault: interface eth0 is down
@5 < show V1
> V1 FAULT wants=FAULT prio=100 source=10.0.0.1 interval=1 sent:2 become:1 release:1 zero_sent:1; interface eth0 is down; following V2 in group G1
@6 < link eth1 index=3 up ip=10.1.0.1
> note (V2) this fault is gone, others are left: interface eth1 is down
@7 < link eth0 index=2 up ip=10.0.0.1
> arm V1 MasterDown @10.609375
> arm V2 MasterDown @10.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
> tell (V2) FAULT -> BACKUP: following V1 in group G1
> tell VRRP_Group(G1) FAULT -> BACKUP: following V1 in group G1
@10.609375 * V1 MasterDown
> arm V1 MasterDown @14.21875
@10.609375 * V2 MasterDown
> advertise V1 prio=100 rev=1
> advertise V2 prio=100 rev=1
> claim V1 repeat=5
> claim V2 repeat=5
> disarm V1 MasterDown
> arm V1 Advert @11.609375
> arm V2 Advert @11.609375
> tell (V1) BACKUP -> MASTER: following V2 in group G1
> tell (V2) BACKUP -> MASTER: no advert for 3.609375 s
> tell VRRP_Group(G1) BACKUP -> MASTER: following V2 in group G1
@11 < wait
